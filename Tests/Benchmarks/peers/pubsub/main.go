// SPDX-License-Identifier: MIT

// Stands in for Pub/Sub in the benchmark of the whole chain: takes what is published, and pushes it until it
// is acknowledged. `PORT=N pubsub TOPIC=URL…`; a topic without URL keeps nothing; /stats counts.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Pushes that are open at a time, of each topic.
const outstanding = 250

type message struct {
	Data        string            `json:"data"`
	Attributes  map[string]string `json:"attributes,omitempty"`
	MessageID   string            `json:"messageId"`
	PublishTime string            `json:"publishTime"`
}

type topic struct {
	name, url            string
	queue                chan message
	published, delivered int64
}

var last int64

func (t *topic) publish(w http.ResponseWriter, r *http.Request) {
	var request struct{ Messages []message }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	ids := make([]string, 0, len(request.Messages))
	for _, each := range request.Messages {
		each.MessageID = fmt.Sprint(atomic.AddInt64(&last, 1))
		each.PublishTime = time.Now().UTC().Format(time.RFC3339Nano)
		ids = append(ids, each.MessageID)
		if t.url != "" {
			t.queue <- each
		}
	}
	atomic.AddInt64(&t.published, int64(len(ids)))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string][]string{"messageIds": ids})
}

func (t *topic) push(client *http.Client) {
	for each := range t.queue {
		body, _ := json.Marshal(map[string]any{"message": each, "subscription": "projects/bench/subscriptions/" + t.name})
		for {
			answer, err := client.Post(t.url, "application/json", bytes.NewReader(body))
			if err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode/100 == 2 {
					break
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		atomic.AddInt64(&t.delivered, 1)
	}
}

func main() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * outstanding}}
	topics := map[string]*topic{}
	for _, each := range os.Args[1:] {
		name, url, _ := strings.Cut(each, "=")
		topics[name] = &topic{name: name, url: url, queue: make(chan message, 1<<20)}
		for worker := 0; url != "" && worker < outstanding; worker++ {
			go topics[name].push(client)
		}
	}
	handle := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stats" {
			found := map[string]int64{}
			for name, each := range topics {
				found[name+" published"] = atomic.LoadInt64(&each.published)
				found[name+" delivered"] = atomic.LoadInt64(&each.delivered)
			}
			json.NewEncoder(w).Encode(found)
			return
		}
		_, name, _ := strings.Cut(r.URL.Path, "/topics/")
		if each := topics[strings.TrimSuffix(name, ":publish")]; each != nil {
			each.publish(w, r)
		} else {
			http.NotFound(w, r)
		}
	}
	open, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	panic(http.Serve(open, http.HandlerFunc(handle)))
}
