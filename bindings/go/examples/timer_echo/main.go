// A trigger of a new type, "timer", in Go: on every interval it calls `echo` in the application's
// first component and prints what comes back.
//
//	timer_echo [--ticks N] [MANIFEST]
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"spin"
)

// doc: timer
func timer(echo *spin.Function, ticks int64) spin.TriggerFunc {
	return func(setup *spin.Setup) (spin.StartFunc, error) {
		components := setup.Components()
		interval, err := setup.Settings().Duration("interval", time.Second)
		if err == nil && interval == 0 {
			err = setup.Settings().Error("interval", "must be more than zero")
		}
		if err == nil { // known, but it is the command line that counts here
			_, err = setup.Settings().Integer("ticks", 1, math.MaxInt64, 0)
		}
		if err != nil {
			return nil, err
		}
		var begun, ended int64
		return func(worker *spin.Worker) error {
			return worker.Every(interval, func(worker *spin.Worker) error {
				if begun == ticks {
					return nil // the last one takes longer than the interval
				}
				begun++
				message := fmt.Sprintf("tick %d", begun)
				return worker.Call(components[0], echo, []any{message}, func(answer any, err error) {
					if err != nil {
						fmt.Fprintln(os.Stderr, "tick:", err)
					} else {
						fmt.Println(answer)
					}
					if ended++; ended == ticks {
						worker.Stop()
					}
				})
			})
		}, nil
	}
}

// doc: end

func run(manifest string, ticks int64) error {
	folder := manifest
	if info, err := os.Stat(manifest); err != nil || !info.IsDir() {
		folder = filepath.Dir(manifest)
	}
	wit, err := spin.LoadWit(filepath.Join(folder, "echo.wit"))
	if err != nil {
		return err
	}
	echo, err := wit.Function("echo")
	if err != nil {
		return err
	}
	app, err := spin.LoadApplication(manifest)
	if err != nil {
		return err
	}
	defer app.Close()
	service, err := spin.NewTrigger("timer", timer(echo, ticks), app, nil)
	if err != nil {
		return err
	}
	defer service.Close()
	return service.Run()
}

func main() {
	ticks := flag.Int64("ticks", 5, "how many, and then it ends")
	flag.Parse()
	manifest := "examples/spin-timer-echo/spin.toml"
	if flag.NArg() > 0 {
		manifest = flag.Arg(0)
	}
	if err := run(manifest, *ticks); err != nil {
		fmt.Fprintln(os.Stderr, "timer_echo:", err)
		os.Exit(1)
	}
}
