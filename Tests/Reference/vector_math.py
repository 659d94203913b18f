from mpmath import *
import struct
mp.dps=60
def remez(f,w,a,b,n,its=12):
    # minimise max |w(x)(f(x)-p(x))|, degree n
    N=n+2
    xs=[(a+b)/2+(b-a)/2*cos(pi*(2*i+1)/(2*N)) for i in range(N)][::-1]
    for it in range(its):
        A=matrix(N,N);B=matrix(N,1)
        for i,x in enumerate(xs):
            for j in range(n+1):A[i,j]=x**j
            A[i,n+1]=(-1)**i/w(x)
            B[i]=f(x)
        s=lu_solve(A,B);c=[s[j] for j in range(n+1)]
        e=lambda x:w(x)*(f(x)-polyval(c[::-1],x))
        M=60*N
        g=[a+(b-a)*(mpf(1)-cos(pi*i/M))/2 for i in range(M+1)]
        ev=[e(x) for x in g]
        ext=[]
        for i in range(M+1):
            if (i==0 or abs(ev[i])>=abs(ev[i-1]) or ev[i]*ev[i-1]<0) and (i==M or abs(ev[i])>=abs(ev[i+1]) or ev[i]*ev[i+1]<0):
                if ext and ext[-1][1]*ev[i]>0:
                    if abs(ev[i])>abs(ext[-1][1]): ext[-1]=(g[i],ev[i])
                else: ext.append((g[i],ev[i]))
        while len(ext)>N:
            if abs(ext[0][1])<abs(ext[-1][1]): ext.pop(0)
            else: ext.pop()
        if len(ext)<N: break
        xs=[x for x,_ in ext]
    return c,max(abs(v) for v in ev)
def f32(x): return struct.unpack('<I',struct.pack('<f',float(x)))[0]
def f64(x): return struct.unpack('<Q',struct.pack('<d',float(x)))[0]
L=log(2)/2*mpf('1.0002')
def qe(r):
    r=mpf(r)
    if abs(r)<mpf(10)**-8: return sum(r**k/factorial(k+2) for k in range(8))
    return (exp(r)-1-r)/r**2
for n in (4,5):
    c,e=remez(qe,lambda r:abs(r)+mpf(10)**-3,-L,L,n); print('exp32',n,nstr(log(e,2),5)); print([hex(f32(x)) for x in c],[nstr(x,10) for x in c])
for n in (9,10,11):
    c,e=remez(qe,lambda r:abs(r)+mpf(10)**-3,-L,L,n); print('exp64',n,nstr(log(e,2),5)); print([hex(f64(x)) for x in c]); print([float(x).hex() for x in c])
zm=((sqrt(2)-1)/(sqrt(2)+1))**2*mpf('1.001')
def pl(z):
    z=mpf(z)
    if z<mpf(10)**-9: return sum(2*z**k/(2*k+3) for k in range(6))
    s=sqrt(z); return (2*atanh(s)/s-2)/z
for n in (1,2,3):
    c,e=remez(pl,lambda z:z/2+mpf(10)**-12,mpf(0),zm,n); print('log32',n,nstr(log(e,2),5)); print([hex(f32(x)) for x in c])
for n in (5,6,7):
    c,e=remez(pl,lambda z:z/2+mpf(10)**-20,mpf(0),zm,n); print('log64',n,nstr(log(e,2),5)); print([float(x).hex() for x in c])
# ln2 splits
l=log(2)
def split(bits,fmt):
    hi=floor(l*2**bits)/2**bits
    return hi,l-hi
for bits in (15,16,):
    h,lo=split(bits,'f'); print('ln2 f32',float(h).hex(),hex(f32(h)),float(lo),hex(f32(lo)))
for bits in (40,41,42):
    h,lo=split(bits,'d'); print('ln2 f64',float(h).hex(),float(lo).hex())
print('log2e',hex(f32(1/l)),float(1/l).hex(), 'sqrthalf',hex(f32(sqrt(mpf(1)/2))),hex(f64(sqrt(mpf(1)/2))))
# the error function: x + x P(x^2) below 1, 1 - exp(-Q(x)) above
def pe(z):
    z=mpf(z)
    if z<mpf(10)**-20: return 2/sqrt(pi)*(1-z/3+z*z/10)-1
    s=sqrt(z); return erf(s)/s-1
qx=lambda t:-log(erfc(t))
for name,n in (('erf32 inner',6),('erf64 inner',12)):
    c,e=remez(pe,lambda z:1/(1+pe(z)),mpf(0),mpf(1),n); print(name,n,nstr(log(e,2),5)); print([nstr(x,10) for x in c]); print([float(x).hex() for x in c])
for name,n,top in (('erf32 outer',6,4),('erf64 outer',18,6)):
    c,e=remez(qx,lambda t:erfc(t)/erf(t),mpf(1),mpf(top),n); print(name,n,nstr(log(e,2),5)); print([nstr(x,10) for x in c]); print([float(x).hex() for x in c])
