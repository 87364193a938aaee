// Serves an application: `http.exe [MANIFEST [HOST:PORT]]`, until Ctrl-C.
using System;
using Spin.Host;

internal static class Http
{
    private static int Main(string[] arguments)
    {
        try {
            string manifest = arguments.Length > 0 ? arguments[0] : "examples/hello";
            using (Application application = Application.Load(manifest))
            using (var server = new HttpServer(application, new HttpOptions {
                Listen = arguments.Length > 1 ? arguments[1] : null,
                HandleSignals = true,
            })) {
                Console.WriteLine($"{application.Name}: http://{server.Address}");
                server.Run();
            }
            return 0;
        } catch (SpinException error) {
            Console.Error.WriteLine("Error: " + error.Message);
            return error.ExitCode;
        }
    }
}
