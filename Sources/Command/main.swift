print("fragua")
