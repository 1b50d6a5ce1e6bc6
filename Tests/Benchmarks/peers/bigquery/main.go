// SPDX-License-Identifier: MIT

// Stands in for BigQuery over TLS, with a delay, and for the metadata server: what the loader's benchmark
// talks to. It writes its certificate to a file, prints its ports, and answers /stats.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var inserts, rows int64

func certificate(file string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bigquery-peer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tables is one page of tables.list; the page's token is the number of the first user on it.
func tables(users int, token string) string {
	first, _ := strconv.Atoi(token)
	var names []string
	for user := first; user < users && len(names) < 1000; user++ {
		names = append(names, fmt.Sprintf(`{"tableReference":{"tableId":"pixel_u%d_20260102"}}`, user))
	}
	next := ""
	if first+len(names) < users {
		next = fmt.Sprintf(`,"nextPageToken":"%d"`, first+len(names))
	}
	return `{"tables":[` + strings.Join(names, ",") + `]` + next + `}`
}

func main() {
	file := flag.String("certificate", "", "file to write the certificate to")
	delay := flag.Duration("delay", 0, "before each answer to an insert")
	down := flag.Bool("down", false, "answer each insert with 503")
	users := flag.Int("users", 0, "how many of them have a table: pixel_u0_20260102 and so on")
	flag.Parse()
	metadata := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		io.WriteString(w, `{"access_token":"t","expires_in":3600,"token_type":"Bearer"}`)
	}
	bigQuery := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		if strings.HasSuffix(r.URL.Path, "/tables") {
			io.WriteString(w, tables(*users, r.URL.Query().Get("pageToken")))
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/insertAll") {
			io.WriteString(w, `{"schema":{"fields":[]}}`)
			return
		}
		atomic.AddInt64(&inserts, 1)
		atomic.AddInt64(&rows, int64(bytes.Count(body, []byte(`{"insertId":`))))
		if *delay > 0 {
			time.Sleep(*delay)
		}
		if *down {
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, `{"kind":"bigquery#tableDataInsertAllResponse"}`)
	}
	plain := http.NewServeMux()
	plain.HandleFunc("/", metadata)
	plain.HandleFunc("/stats", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"inserts":%d,"rows":%d}`, atomic.LoadInt64(&inserts), atomic.LoadInt64(&rows))
	})
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate(*file)}}
	fmt.Printf("%d %d\n", open.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port)
	go http.Serve(open, plain)
	// HTTP/1.1, as the loader asks for.
	server := &http.Server{Handler: http.HandlerFunc(bigQuery), TLSConfig: config,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	log.Fatal(server.ServeTLS(secure, "", ""))
}
