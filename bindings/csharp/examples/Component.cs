// Calls a component: `component.exe [FILE [NAME]]`.
using System;
using Spin.Host;

internal static class Greeting
{
    // doc: greet
    private static object Greet(string path, string name)
    {
        Component component = Component.Load(path);
        foreach (Item item in component.Exports)
            Console.WriteLine($"{item.Kind} {item.Name}");

        // Once: say what it may import, compile it.
        using (var builder = new ContextBuilder()) {
            builder.AddComponent("greeter", component);
            builder.DefineFunction("example:app/host@1.0.0", "log", args => {
                Console.WriteLine(args[0]);
                return null;
            });

            // For each event: a fresh instance, a call, the end.
            using (Context context = builder.Build())
            using (Instance instance = context.Prepare("greeter"))
                return instance.CallExport("test:guests/text@1.0.0#greet", name);
        }
    }
    // doc: end

    private static int Main(string[] arguments)
    {
        try {
            string path = arguments.Length > 0 ? arguments[0] : "tests/component/guests/plain.wasm";
            Console.WriteLine(Greet(path, arguments.Length > 1 ? arguments[1] : "you"));
            return 0;
        } catch (SpinException error) {
            Console.Error.WriteLine("Error: " + error.Message);
            return error.ExitCode;
        }
    }
}
