module example.com/wagi-go

go 1.21
