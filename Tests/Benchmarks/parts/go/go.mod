module parts

go 1.19
