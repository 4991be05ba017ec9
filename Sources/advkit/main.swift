print("advkit")
