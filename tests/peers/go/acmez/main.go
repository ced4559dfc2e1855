// Command acmez gets a certificate by the library acmez (that of Caddy), asks for its renewal
// information and replaces it. What came of it is JSON on standard output (tests/peers/driver.py).
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
)

// answers is an http-01 solver with a server of its own.
type answers struct{ byPath sync.Map }

func (a *answers) Present(_ context.Context, challenge acme.Challenge) error {
	a.byPath.Store(challenge.HTTP01ResourcePath(), challenge.KeyAuthorization)
	return nil
}

func (a *answers) CleanUp(_ context.Context, challenge acme.Challenge) error {
	a.byPath.Delete(challenge.HTTP01ResourcePath())
	return nil
}

func (a *answers) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	text, found := a.byPath.Load(request.URL.Path)
	if !found {
		http.NotFound(writer, request)
		return
	}
	_, _ = writer.Write([]byte(text.(string)))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func leafOf(chain []byte) *x509.Certificate {
	block, _ := pem.Decode(chain)
	return must(x509.ParseCertificate(block.Bytes))
}

func main() {
	directory := flag.String("directory", "", "URL of the directory")
	kid := flag.String("kid", "", "key id of the external account binding")
	hmac := flag.String("hmac", "", "MAC key of the external account binding")
	name := flag.String("name", "", "name of the certificate")
	profile := flag.String("profile", "", "profile of the order")
	port := flag.String("port", "", "port of http-01")
	flag.Parse()
	ctx := context.Background()

	solver := &answers{}
	listener := must(net.Listen("tcp", "127.0.0.1:"+*port))
	go func() { log.Fatal(http.Serve(listener, solver)) }()

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("SSL_CERT_FILE"))))
	client := acmez.Client{
		Client: &acme.Client{
			Directory: *directory,
			HTTPClient: &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots}}},
		},
		ChallengeSolvers: map[string]acmez.Solver{acme.ChallengeTypeHTTP01: solver},
	}
	account := acme.Account{
		Contact: []string{"mailto:admin@example.test"}, TermsOfServiceAgreed: true,
		PrivateKey: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	if err := account.SetExternalAccountBinding(ctx, client.Client, acme.EAB{KeyID: *kid, MACKey: *hmac}); err != nil {
		log.Fatal(err)
	}
	account = must(client.NewAccount(ctx, account))

	obtain := func(replaces *x509.Certificate) []byte {
		csr := must(acmez.NewCSR(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), []string{*name}))
		parameters := must(acmez.OrderParametersFromCSR(account, csr))
		parameters.Profile, parameters.Replaces = *profile, replaces
		return must(client.ObtainCertificate(ctx, parameters))[0].ChainPEM
	}
	first := obtain(nil)
	info := must(client.GetRenewalInfo(ctx, leafOf(first)))
	second := obtain(leafOf(first))

	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"account": account.Location, "first": string(first), "second": string(second),
		"window": []any{info.SuggestedWindow.Start, info.SuggestedWindow.End},
	}); err != nil {
		log.Fatal(err)
	}
}
