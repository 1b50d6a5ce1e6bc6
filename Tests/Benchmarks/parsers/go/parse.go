// SPDX-License-Identifier: MIT

// The same work with Go's standard library, as one writes it. Called like parse-core; with PORT set it is
// the service instead, which does not publish.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type push struct {
	Message struct {
		Data []byte `json:"data"`
	} `json:"message"`
}

type entry struct {
	InsertID         string `json:"insertId"`
	Timestamp        string `json:"timestamp"`
	ReceiveTimestamp string `json:"receiveTimestamp"`
	HTTPRequest      *struct {
		RequestMethod string `json:"requestMethod"`
		RequestURL    string `json:"requestUrl"`
		Status        int    `json:"status"`
		UserAgent     string `json:"userAgent"`
		RemoteIP      string `json:"remoteIp"`
		Referer       string `json:"referer"`
		CacheHit      *bool  `json:"cacheHit"`
	} `json:"httpRequest"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Mode string `json:"mode"`
}

var reserved = map[string]bool{
	"event_id": true, "event_time": true, "received_time": true, "request_path": true, "host": true,
	"referer": true, "user_agent": true, "remote_ip": true, "method": true, "status": true,
	"cache_hit": true,
}

var errNoEvent = errors.New("no event")

type parser struct {
	types    map[string]string
	required []string
}

func newParser(contract string) (*parser, error) {
	text, err := os.ReadFile(contract)
	if err != nil {
		return nil, err
	}
	var columns []column
	if err := json.Unmarshal(text, &columns); err != nil {
		return nil, err
	}
	p := &parser{types: map[string]string{}}
	for _, column := range columns {
		if !reserved[column.Name] {
			p.types[column.Name] = column.Type
		}
		if column.Mode == "REQUIRED" {
			p.required = append(p.required, column.Name)
		}
	}
	return p, nil
}

func (p *parser) parse(body []byte) ([]byte, error) {
	var message push
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(message.Message.Data, &e); err != nil {
		return nil, err
	}
	request := e.HTTPRequest
	if request == nil {
		return nil, errNoEvent
	}
	target, err := url.Parse(request.RequestURL)
	if err != nil || target.Path != "/pixel.png" {
		return nil, errNoEvent
	}
	switch request.RequestMethod {
	case "GET", "HEAD", "POST":
	default:
		return nil, errNoEvent
	}
	row := map[string]any{}
	for name, values := range target.Query() {
		if kind, ok := p.types[name]; ok {
			if value, ok := convert(values[0], kind); ok {
				row[name] = value
			}
		}
	}
	row["event_id"] = compact(e.Timestamp) + "-" + e.InsertID
	row["event_time"] = e.Timestamp[:26] + "Z"
	row["received_time"] = e.ReceiveTimestamp[:26] + "Z"
	row["request_path"] = target.Path
	row["host"] = target.Hostname()
	row["referer"] = request.Referer
	row["user_agent"] = request.UserAgent
	row["remote_ip"] = request.RemoteIP
	row["method"] = request.RequestMethod
	row["status"] = strconv.Itoa(request.Status)
	if request.CacheHit != nil {
		row["cache_hit"] = *request.CacheHit
	}
	for _, name := range p.required {
		if _, ok := row[name]; !ok {
			return nil, errNoEvent
		}
	}
	return json.Marshal(row)
}

func convert(text, kind string) (string, bool) {
	switch kind {
	case "INTEGER":
		value, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(value, 10), err == nil
	case "NUMERIC":
		_, err := strconv.ParseFloat(text, 64)
		return text, err == nil
	default:
		return text, true
	}
}

var separators = strings.NewReplacer("-", "", ":", "", "Z", "")

// 2026-01-02T03:44:05.123456Z as 20260102T034405.123456000Z.
func compact(time string) string {
	digits := separators.Replace(time)
	return digits + strings.Repeat("0", 25-len(digits)) + "Z"
}

func used() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	p, err := newParser(os.Args[1])
	if err != nil {
		panic(err)
	}
	if port := os.Getenv("PORT"); port != "" {
		serve(p, port)
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	pushes := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if os.Args[3] == "rows" {
		output := bufio.NewWriter(os.Stdout)
		defer output.Flush()
		for _, push := range pushes {
			row, err := p.parse(push)
			if err != nil {
				panic(err)
			}
			output.Write(append(row, '\n'))
		}
		return
	}
	seconds, _ := strconv.Atoi(os.Args[4])
	all := func() {
		for _, push := range pushes {
			if _, err := p.parse(push); err != nil {
				panic(err)
			}
		}
	}
	all()
	began, count := used(), 0
	for used()-began < time.Duration(seconds)*time.Second {
		all()
		count += len(pushes)
	}
	fmt.Println(float64(used()-began) / float64(count))
}
