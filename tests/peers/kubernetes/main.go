// The API server of Kubernetes with etcd beside it, as one program: its first argument is a folder for etcd, its
// second a port of etcd's; the rest are the API server's own.
package main

import (
	"fmt"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func run() error {
	place := url.URL{Scheme: "http", Host: "127.0.0.1:" + os.Args[2]}
	config := embed.NewConfig()
	config.Dir = os.Args[1]
	config.LogLevel = "error"
	config.ListenClientUrls = []url.URL{place}
	config.AdvertiseClientUrls = config.ListenClientUrls
	// It is the only one; nobody speaks to it as a peer.
	config.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.UnsafeNoFsync = true
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer etcd.Close()
	<-etcd.Server.ReadyNotify()
	command := app.NewAPIServerCommand()
	command.SetArgs(append([]string{"--etcd-servers=" + place.String()}, os.Args[3:]...))
	return command.Execute()
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes FOLDER PORT [ARGUMENT OF kube-apiserver]...")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
