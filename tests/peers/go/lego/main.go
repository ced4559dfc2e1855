// Command lego gets a certificate by the library lego, asks for its renewal information and replaces
// it. What came of it is JSON on standard output (tests/peers/driver.py).
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"flag"
	"log"
	"os"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certcrypto"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge/http01"
	"github.com/go-acme/lego/v5/lego"
	"github.com/go-acme/lego/v5/registration"
)

type user struct {
	key     crypto.Signer
	account *acme.ExtendedAccount
}

func (u *user) GetEmail() string                       { return "admin@example.test" }
func (u *user) GetRegistration() *acme.ExtendedAccount { return u.account }
func (u *user) GetPrivateKey() crypto.Signer           { return u.key }

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
	profile := flag.String("profile", "", "profile of the order")
	port := flag.String("port", "", "port of http-01")
	flag.Parse()
	ctx := context.Background()

	me := &user{key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	config := lego.NewConfig(me)
	config.CADirURL = *directory
	client := must(lego.NewClient(config))
	if err := client.Challenge.SetHTTP01Provider(http01.NewProviderServer("127.0.0.1", *port)); err != nil {
		log.Fatal(err)
	}
	me.account = must(client.Registration.RegisterWithExternalAccountBinding(ctx,
		registration.RegisterEABOptions{TermsOfServiceAgreed: true, Kid: *kid, HmacEncoded: *hmac}))

	request := certificate.ObtainRequest{
		Domains: []string{*name}, KeyType: certcrypto.EC256, Bundle: true, Profile: *profile}
	first := must(client.Certificate.Obtain(ctx, request))
	leaf := must(certcrypto.ParsePEMBundle(first.Certificate))[0]
	info := must(client.Certificate.GetRenewalInfo(ctx, leaf))
	second := must(client.Certificate.Renew(ctx, *first, &certificate.RenewOptions{
		KeyType: certcrypto.EC256, Bundle: true, Profile: *profile, UseARICertID: true}))

	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"account": me.account.Location,
		"first":   string(first.Certificate), "second": string(second.Certificate),
		"window": []any{info.SuggestedWindow.Start, info.SuggestedWindow.End},
	}); err != nil {
		log.Fatal(err)
	}
}
