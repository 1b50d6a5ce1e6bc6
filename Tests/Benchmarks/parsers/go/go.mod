module parse

go 1.19
