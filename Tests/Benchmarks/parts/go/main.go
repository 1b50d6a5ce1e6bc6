// SPDX-License-Identifier: MIT

// As ours, with encoding/base64 and net/url.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

func decode(line []byte) int {
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	count, err := base64.StdEncoding.Decode(decoded, line)
	if err != nil {
		panic(err)
	}
	return count
}

func query(line []byte) int {
	values, err := url.ParseQuery(string(line))
	if err != nil {
		panic(err)
	}
	total := 0
	for name, all := range values {
		for _, value := range all {
			total += len(name) + len(value)
		}
	}
	return total
}

func used() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	work := query
	if os.Args[2] == "base64" {
		work = decode
	}
	seconds, _ := strconv.Atoi(os.Args[3])
	pass := func() (total int) {
		for _, line := range lines {
			total += work(line)
		}
		return total
	}
	total := pass()
	began, count := used(), 0
	for used()-began < time.Duration(seconds)*time.Second {
		if pass() != total {
			panic("not the same again")
		}
		count += len(lines)
	}
	fmt.Println(float64(used()-began)/float64(count), total)
}
