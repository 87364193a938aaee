// The mirrors in src/Native.cs against the headers: a C program says what the compiler makes of
// them, and the text of the headers which fields there are.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Spin.Host;

internal static class Layout
{
    /// <summary>Name in C to the mirror.</summary>
    private static Dictionary<string, Type> Mirrors() =>
        typeof(Native).Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<CNameAttribute>() != null)
            .ToDictionary(type => type.GetCustomAttribute<CNameAttribute>().Name);

    private static IEnumerable<string> Fields(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Instance).OrderBy(
            field => field.MetadataToken).Select(field => field.Name);

    /// <summary>"sizeof(x)" and so on, as C writes it, to the number that C# has for it.</summary>
    private static SortedDictionary<string, long> Facts()
    {
        var facts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, Type> mirror in Mirrors()) {
            facts[$"sizeof({mirror.Key})"] = Marshal.SizeOf(mirror.Value);
            foreach (string field in Fields(mirror.Value))
                facts[$"offsetof({mirror.Key}, {field})"] =
                    (long)Marshal.OffsetOf(mirror.Value, field);
        }
        facts["sizeof(spin_value_t)"] = Marshal.SizeOf(typeof(RawValue));
        var members = new Dictionary<string, string> {
            { "kind", "kind" }, { "boolean", "of.boolean" }, { "integer", "of.integer" },
            { "natural", "of.natural" }, { "f32", "of.f32" }, { "f64", "of.f64" },
            { "items", "of.list.items of.text.ptr of.flags.words" },
            { "len", "of.list.len of.text.len of.flags.len" },
            { "index", "of.variant.index" }, { "payload", "of.variant.payload" },
        };
        foreach (KeyValuePair<string, string> member in members)
            foreach (string name in member.Value.Split(' '))
                facts[$"offsetof(spin_value_t, {name})"] =
                    (long)Marshal.OffsetOf(typeof(RawValue), member.Key);
        Numbers<ErrorKind>(facts, "SPIN_ERROR_");
        Numbers<TypeKind>(facts, "SPIN_TYPE_");
        Numbers<HandleKind>(facts, "SPIN_TYPE_");
        Numbers<LogLevel>(facts, "SPIN_LOG_");
        Numbers<ItemKind>(facts, "SPIN_COMPONENT_");
        return facts;
    }

    private static void Numbers<T>(IDictionary<string, long> facts, string prefix)
    {
        foreach (object value in Enum.GetValues(typeof(T))) {
            string name = Regex.Replace(value.ToString(), "(?<=[a-z])[A-Z]", "_$0").ToUpper();
            facts[prefix + name] = Convert.ToInt64(value);
        }
    }

    private static string Flags() => Environment.GetEnvironmentVariable("SPIN_CFLAGS")
                                     ?? throw new Exception("SPIN_CFLAGS is not set");

    [Test]
    public static void SizesOffsetsAndNumbersAreThoseOfTheHeaders()
    {
        SortedDictionary<string, long> facts = Facts();
        using (var folder = new Folder()) {
            string source = Path.Combine(folder.Path, "layout.c");
            string binary = Path.Combine(folder.Path, "layout");
            IEnumerable<string> lines = facts.Keys.Select(
                what => $"printf(\"{what}=%lld\\n\", (long long)({what}));");
            File.WriteAllText(source, "#include <stdio.h>\n#include <spin/spin.h>\nint main(void) {\n"
                                          + string.Join("\n", lines) + "\nreturn 0; }\n");
            Check.Equal(0, Tests.Run("cc", $"-std=gnu17 -o {binary} {source} {Flags()}").Status);
            string theirs = Tests.Run(binary, "").Output;
            Check.Equal(string.Concat(facts.Select(fact => $"{fact.Key}={fact.Value}\n")), theirs);
            Check.That(facts.Count > 100, "facts");
        }
    }

    /// <summary>All headers, without their comments.</summary>
    private static string Headers()
    {
        string folder = Flags().Split(' ').Where(flag => flag.StartsWith("-I"))
            .Select(flag => Path.Combine(flag.Substring(2), "spin"))
            .First(path => File.Exists(Path.Combine(path, "error.h")));
        string text = string.Concat(Directory.GetFiles(folder, "*.h").Select(File.ReadAllText));
        return Regex.Replace(text, @"/\*.*?\*/", "", RegexOptions.Singleline);
    }

    [Test]
    public static void FunctionsTakeAsManyParametersAsInTheHeaders()
    {
        string text = Headers();
        int checkedOnes = 0;
        foreach (MethodInfo method in typeof(Native).GetMethods()) {
            var import = method.GetCustomAttribute<DllImportAttribute>();
            if (import == null || !import.Value.StartsWith("libspin"))
                continue;
            Match found = Regex.Match(text, $@"\b{import.EntryPoint}\(([^;]*)\)[^)]*;");
            Check.That(found.Success, import.EntryPoint);
            string[] declared = found.Groups[1].Value.Split(')')[0].Split(',')
                .Select(each => each.Trim())
                .Where(each => each != "" && each != "void" && each != "...").ToArray();
            Check.Equal($"{import.EntryPoint} {declared.Length}",
                        $"{import.EntryPoint} {method.GetParameters().Length}");
            checkedOnes++;
        }
        Check.That(checkedOnes > 60, "functions");
    }

    /// <summary>What a new field that fits into padding would not show in sizes.</summary>
    [Test]
    public static void FieldsAreThoseOfTheHeaders()
    {
        string text = Headers();
        foreach (KeyValuePair<string, Type> mirror in Mirrors()) {
            string tag = mirror.Key.Substring(0, mirror.Key.Length - 2);
            Match found = Regex.Match(text, $@"typedef struct {tag} \{{(.*?)\n\}} {mirror.Key};",
                                      RegexOptions.Singleline);
            Check.That(found.Success, mirror.Key);
            IEnumerable<string> declared = Regex.Matches(
                    found.Groups[1].Value, @"(?:\(\*(\w+)\)\([^;]*|(\w+));").Cast<Match>()
                .Select(match => match.Groups[1].Value + match.Groups[2].Value);
            Check.Equal(string.Join(" ", declared), string.Join(" ", Fields(mirror.Value)));
        }
    }
}
