module pubsub

go 1.19
