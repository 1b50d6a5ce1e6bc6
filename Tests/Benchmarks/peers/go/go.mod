module pixel

go 1.19
