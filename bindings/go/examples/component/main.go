// Command component calls a component: component [FILE [NAME]].
package main

import (
	"fmt"
	"os"
	"time"

	"spin"
)

// doc: greet
func greet(path, name string) (any, error) {
	component, err := spin.LoadComponent(path, nil)
	if err != nil {
		return nil, err
	}
	for _, item := range component.Exports() {
		if item.Function != nil {
			fmt.Println(item.Function)
		}
	}

	// Once: say what it may import, compile it.
	builder, err := spin.NewEngineBuilder(nil, &spin.EngineOptions{Timeout: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	defer builder.Close()
	if err := builder.AddComponent("greeter", component); err != nil {
		return nil, err
	}
	err = builder.DefineFunction("example:app/host@1.0.0", "log", func(args []any) (any, error) {
		fmt.Println(args[0])
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	engine, err := builder.Build()
	if err != nil {
		return nil, err
	}
	defer engine.Close()

	// For each event: a fresh instance, a call, the end.
	instance, err := engine.Prepare("greeter")
	if err != nil {
		return nil, err
	}
	defer instance.Close()
	return instance.CallExport("test:guests/text@1.0.0#greet", name)
}

// doc: end

func main() {
	given := []string{"tests/component/guests/plain.wasm", "you"}
	copy(given, os.Args[1:])
	answer, err := greet(given[0], given[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "component:", err)
		os.Exit(1)
	}
	fmt.Println(answer)
}
