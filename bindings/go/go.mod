module bitting.dev/go/bitting

go 1.21
