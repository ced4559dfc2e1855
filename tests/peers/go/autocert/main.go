// Command autocert has golang.org/x/crypto/acme/autocert get a certificate by tls-alpn-01, as a web server would, when
// it is asked for the first time. What came of it is JSON on standard output (tests/peers/driver.py).
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"net/http"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	directory := flag.String("directory", "", "URL of the directory")
	kid := flag.String("kid", "", "key id of the external account binding")
	hmac := flag.String("hmac", "", "MAC key of the external account binding")
	name := flag.String("name", "", "name of the certificate")
	port := flag.String("port", "", "port of tls-alpn-01")
	flag.Parse()

	manager := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		HostPolicy: autocert.HostWhitelist(*name),
		Client:     &acme.Client{DirectoryURL: *directory},
		ExternalAccountBinding: &acme.ExternalAccountBinding{
			KID: *kid, Key: must(base64.RawURLEncoding.DecodeString(*hmac))},
	}
	server := &http.Server{Addr: "127.0.0.1:" + *port, TLSConfig: manager.TLSConfig()}
	listener := must(tls.Listen("tcp", server.Addr, server.TLSConfig))
	go func() { log.Fatal(server.Serve(listener)) }()

	// Which certificate it shows is for the test to judge.
	connection := must(tls.Dial("tcp", server.Addr, &tls.Config{ServerName: *name, InsecureSkipVerify: true}))
	var chain bytes.Buffer
	for _, each := range connection.ConnectionState().PeerCertificates {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: each.Raw}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(string(must(json.Marshal(map[string]any{"chain": chain.String()}))))
}
