// Serves an application over HTTP until SIGINT or SIGTERM:
//
//	http [MANIFEST [ADDRESS]]
package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"spin"
)

// doc: serve
func serve(manifest, address string) error {
	app, err := spin.LoadApplication(manifest)
	if err != nil {
		return err
	}
	defer app.Close()
	service, err := spin.NewHTTP(app, &spin.HTTPOptions{Listen: address})
	if err != nil {
		return err
	}
	defer service.Close()
	stopOnSignal(service)
	if err := service.Start(); err != nil {
		return err
	}
	fmt.Printf("serving http://%s\n", service.Address())
	return service.Wait()
}

// doc: end

// The second signal does not wait for what is under way.
func stopOnSignal(service *spin.Service) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			service.Stop()
		}
	}()
}

func main() {
	manifest, address := "examples/hello", "127.0.0.1:3000"
	if len(os.Args) > 1 {
		manifest = os.Args[1]
	}
	if len(os.Args) > 2 {
		address = os.Args[2]
	}
	err := spin.SetLog(slog.Default(), slog.LevelWarn)
	if err == nil {
		err = serve(manifest, address)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "http:", err)
		os.Exit(1)
	}
}
