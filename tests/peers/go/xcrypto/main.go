// Command xcrypto calls all that golang.org/x/crypto/acme (that of cert-manager and autocert) can ask of a CA, once:
// pre-authorization, alternate chains, key rollover, revocation by both keys, deactivation. What came of it is JSON on
// standard output (tests/peers/driver.py).
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"

	"golang.org/x/crypto/acme"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// answers is a server of http-01.
type answers struct{ byPath sync.Map }

func (a *answers) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	text, found := a.byPath.Load(request.URL.Path)
	if !found {
		http.NotFound(writer, request)
		return
	}
	_, _ = writer.Write([]byte(text.(string)))
}

// prove has an authorization become valid.
func (a *answers) prove(ctx context.Context, client *acme.Client, authorization *acme.Authorization) {
	for _, challenge := range authorization.Challenges {
		if authorization.Status == acme.StatusPending && challenge.Type == "http-01" {
			path := client.HTTP01ChallengePath(challenge.Token)
			a.byPath.Store(path, must(client.HTTP01ChallengeResponse(challenge.Token)))
			must(client.GetChallenge(ctx, challenge.URI))
			must(client.Accept(ctx, challenge))
		}
	}
	must(client.WaitAuthorization(ctx, authorization.URI))
}

// obtain orders a certificate, and proves what is not proved yet.
func (a *answers) obtain(ctx context.Context, client *acme.Client, name string) ([][]byte, string, *ecdsa.PrivateKey) {
	order := must(client.AuthorizeOrder(ctx, acme.DomainIDs(name)))
	for _, url := range order.AuthzURLs {
		a.prove(ctx, client, must(client.GetAuthorization(ctx, url)))
	}
	order = must(client.WaitOrder(ctx, order.URI))
	key := newKey()
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{name}}, key))
	chain, url, err := client.CreateOrderCert(ctx, order.FinalizeURL, request, true)
	check(err)
	if got := must(client.GetOrder(ctx, order.URI)); got.Status != acme.StatusValid || got.CertURL != url {
		log.Fatalf("the order is %v with %q, not %q", got.Status, got.CertURL, url)
	}
	return chain, url, key
}

func text(chain [][]byte) string {
	var all bytes.Buffer
	for _, each := range chain {
		check(pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: each}))
	}
	return all.String()
}

// refused wants a problem of this type.
func refused(err error, kind string) {
	var problem *acme.Error
	if !errors.As(err, &problem) || problem.ProblemType != "urn:ietf:params:acme:error:"+kind {
		log.Fatalf("%v is not %s", err, kind)
	}
}

func main() {
	directory := flag.String("directory", "", "URL of the directory")
	kid := flag.String("kid", "", "key id of the external account binding")
	hmac := flag.String("hmac", "", "MAC key of the external account binding")
	name := flag.String("name", "", "name of the certificate")
	_ = flag.String("profile", "", "not used: the package knows no profiles")
	port := flag.String("port", "", "port of http-01")
	flag.Parse()
	ctx := context.Background()

	server := &answers{}
	listener := must(net.Listen("tcp", "127.0.0.1:"+*port))
	go func() { log.Fatal(http.Serve(listener, server)) }()

	client := &acme.Client{DirectoryURL: *directory, Key: newKey()}
	account := must(client.Register(ctx, &acme.Account{
		Contact: []string{"mailto:admin@example.test"},
		ExternalAccountBinding: &acme.ExternalAccountBinding{
			KID: *kid, Key: must(base64.RawURLEncoding.DecodeString(*hmac))},
	}, acme.AcceptTOS))
	_, err := client.Register(ctx, &acme.Account{}, acme.AcceptTOS)
	if !errors.Is(err, acme.ErrAccountAlreadyExists) {
		log.Fatalf("registered again: %v", err)
	}

	// Before there is an order, whose name is proved already then.
	server.prove(ctx, client, must(client.Authorize(ctx, *name)))
	first, url, firstKey := server.obtain(ctx, client, *name)
	for _, other := range must(client.ListCertAlternates(ctx, url)) {
		if len(must(client.FetchCert(ctx, other, true))) == 0 {
			log.Fatal("an alternate chain is empty")
		}
	}

	updated := must(client.UpdateReg(ctx, &acme.Account{Contact: []string{"mailto:other@example.test"}}))
	if found := must(client.GetReg(ctx, "")); found.URI != account.URI ||
		fmt.Sprint(found.Contact) != fmt.Sprint(updated.Contact) {
		log.Fatalf("the account is %v", found)
	}
	former := client.Key
	check(client.AccountKeyRollover(ctx, newKey()))
	second, _, _ := server.obtain(ctx, client, *name)
	_, err = (&acme.Client{DirectoryURL: *directory, Key: former}).GetReg(ctx, "")
	if !errors.Is(err, acme.ErrNoAccount) {
		log.Fatalf("by the former key: %v", err)
	}

	check(client.RevokeCert(ctx, firstKey, first[0], acme.CRLReasonKeyCompromise))
	check(client.RevokeCert(ctx, nil, second[0], acme.CRLReasonSuperseded))

	authorization := must(client.Authorize(ctx, "given-up."+*name))
	check(client.RevokeAuthorization(ctx, authorization.URI))
	if status := must(client.GetAuthorization(ctx, authorization.URI)).Status; status != acme.StatusDeactivated {
		log.Fatalf("the authorization is %v", status)
	}
	check(client.DeactivateReg(ctx))
	_, err = client.AuthorizeOrder(ctx, acme.DomainIDs(*name))
	refused(err, "unauthorized")

	fmt.Println(string(must(json.Marshal(map[string]any{
		"account": account.URI, "first": text(first), "second": text(second)}))))
}
