// SPDX-License-Identifier: MIT

// A pixel server as one writes it with Go's net/http.
package main

import (
	"log"
	"net/http"
	"os"
)

var gif = []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00," +
	"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func pixel(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "image/gif")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.Write(gif)
}

func main() {
	http.HandleFunc("/pixel.gif", pixel)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
