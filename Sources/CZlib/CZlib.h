// zlib: inflating gzip and zip members.
#include <zlib.h>
