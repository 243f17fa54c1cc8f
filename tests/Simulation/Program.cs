using System.Globalization;
using IacCi.Simulation.Machine;

namespace IacCi.Simulation;

/// <summary>The simulator's command line.</summary>
internal static class Program
{
    private static readonly TimeSpan ShrinkLimit = TimeSpan.FromSeconds(30);

    private const string Usage = """
        Simulation --seeds N [--from S]   run N seeds (the test command's way)
        Simulation --minutes M            search with seeds that nobody has tried
        Simulation --seed N               one seed, with its trace; --shape, --orders, --jobs, --faults, --max-faults, --without,
                                          --quiet, --all-succeed, --lambda, --real-shells, --workers-hear and --mutation go on from
                                          a shrunk one (and narrow the seeds of the other two)
        Simulation --machine ...          one machine and the local host instead of AWS, with each of the above; --serve, --parallel, --troubles
        Simulation --controls             take the engine's mechanisms away, one by one: each has to be noticed
        Simulation --bench                steps a second
        Simulation --calls                calls per order, by shape and size
        """;

    public static int Main(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i++)
        {
            options[args[i]] = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : "";
        }

        if (options.Select(o => Problem(o.Key, o.Value)).FirstOrDefault(p => p is not null) is { } wrong)
        {
            Console.Error.WriteLine($"{wrong}\n\n{Usage}");
            return 2;
        }

        ulong Number(string name, ulong otherwise) =>
            options.TryGetValue(name, out var text) && ulong.TryParse(text, CultureInfo.InvariantCulture, out var n) ? n : otherwise;

        Func<ulong, Spec> specOf = options.Remove("--machine") ? MachineSpec.Of : Spec.Of;
        if (options.ContainsKey("--seed"))
        {
            return Replay(Narrow(specOf(Number("--seed", 0)), options));
        }

        if (options.ContainsKey("--controls"))
        {
            return Controls.RunAll(Console.Out, options.GetValueOrDefault("--controls"));
        }

        if (options.ContainsKey("--bench"))
        {
            return Bench.Run();
        }


        if (options.ContainsKey("--calls"))
        {
            return Bench.Calls();
        }

        if (options.ContainsKey("--minutes"))
        {
            var from = (ulong)TimeProvider.System.GetUtcNow().Ticks;
            return Report(
                Search.Run(
                    from, long.MaxValue, TimeSpan.FromMinutes(Number("--minutes", 1)), spec => Narrow(spec, options), specOf: specOf));
        }

        if (options.ContainsKey("--seeds"))
        {
            return Report(
                Search.Run(
                    Number("--from", 1), (long)Number("--seeds", 10_000), TimeSpan.FromHours(1), spec => Narrow(spec, options),
                    specOf: specOf));
        }

        Console.Error.WriteLine(Usage);
        return 2;
    }

    /// <summary>What is wrong with an option; null when nothing is.</summary>
    private static string? Problem(string name, string value) => name switch
    {
        "--seed" or "--seeds" or "--from" or "--minutes" or "--orders" or "--jobs" or "--faults" or "--max-faults" or "--quiet"
            or "--all-succeed"
            or "--lambda" or "--real-shells" or "--workers-hear" or "--serve" or "--parallel" or "--troubles" =>
                uint.TryParse(value, CultureInfo.InvariantCulture, out var n) && (n > 0 || !IsCount(name))
                || (name is "--seed" or "--from" && ulong.TryParse(value, CultureInfo.InvariantCulture, out _))
                    ? null
                    : $"{name} needs a number, not '{value}'",
        "--without" =>
            value.Split(',').All(t => int.TryParse(t, CultureInfo.InvariantCulture, out _))
                ? null
                : $"--without needs numbers with commas between them, not '{value}'",
        "--shape" =>
            Enum.TryParse<Shape>(value, out _) ? null : $"--shape needs one of {string.Join(", ", Enum.GetNames<Shape>())}, not '{value}'",
        "--mutation" =>
            Enum.TryParse<Mutation>(value, out _)
                ? null
                : $"--mutation needs one of {string.Join(", ", Enum.GetNames<Mutation>())}, not '{value}'",
        "--controls" =>
            value.Length == 0 || Enum.TryParse<Mutation>(value, out _)
                ? null
                : $"--controls takes nothing, or one of {string.Join(", ", Enum.GetNames<Mutation>())}",
        "--bench" or "--calls" or "--machine" => value.Length == 0 ? null : $"{name} takes nothing, not '{value}'",
        _ => $"there is no option '{name}'",
    };

    private static bool IsCount(string name) => name is "--seeds" or "--minutes" or "--orders" or "--jobs" or "--lambda" or "--parallel";

    private static Spec Narrow(Spec spec, Dictionary<string, string> options)
    {
        foreach (var (name, text) in options)
        {
            var number = int.TryParse(text, CultureInfo.InvariantCulture, out var n) ? n : 0;
            spec = name switch
            {
                "--orders" => spec with { Orders = number },
                "--jobs" => spec with { Jobs = number },
                "--shape" => spec with { Shape = Enum.Parse<Shape>(text) },
                "--faults" => spec with { Faults = (Fault)uint.Parse(text, CultureInfo.InvariantCulture) },
                "--max-faults" => spec with { MaxFaults = number },
                "--without" => spec with { Without = text.Split(',').Select(t => int.Parse(t, CultureInfo.InvariantCulture)).ToHashSet() },
                "--quiet" => spec with { Quiet = number == 1 },
                "--all-succeed" => spec with { AllSucceed = number == 1 },
                "--lambda" => spec with { LambdaSeconds = number },
                "--serve" => spec with { Machine = spec.Machine! with { Serve = number == 1 } },
                "--parallel" => spec with { Machine = spec.Machine! with { Parallel = number } },
                "--troubles" => spec with { Machine = spec.Machine! with { Troubles = (Trouble)number } },
                "--real-shells" => spec with { RealShells = number == 1 },
                "--workers-hear" => spec with { WorkersHear = number == 1 },
                "--mutation" => spec with { Mutation = Enum.Parse<Mutation>(text) },
                _ => spec,
            };
        }

        return spec;
    }

    public static string Command(Spec spec) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(spec.Machine is { } machine ? $"--machine --serve {(machine.Serve ? 1 : 0)} --parallel {machine.Parallel} --troubles {(int)machine.Troubles} " : "")}--seed {spec.Seed} --orders {spec.Orders} --jobs {spec.Jobs} --shape {spec.Shape} --faults {(uint)spec.Faults} --max-faults {spec.MaxFaults} --quiet {(spec.Quiet ? 1 : 0)} --all-succeed {(spec.AllSucceed ? 1 : 0)} --lambda {spec.LambdaSeconds} --real-shells {(spec.RealShells ? 1 : 0)} --workers-hear {(spec.WorkersHear ? 1 : 0)}{(spec.Without.Count == 0 ? "" : $" --without {string.Join(',', spec.Without.Order())}")}{(spec.Mutation == Mutation.None ? "" : $" --mutation {spec.Mutation}")}");

    private static int Replay(Spec spec)
    {
        Console.WriteLine(spec);
        var world = Client.NewWorld(spec, Console.WriteLine).Run();
        Console.WriteLine(
            world.Broken is { } broken
                ? $"FAILED {broken.Code}: {broken.Message}"
                : $"held, {world.Steps} steps, {world.Faults.Hits} faults");
        return world.Broken is null ? 0 : 1;
    }

    private static int Report(Found found)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{found.Worlds:N0} worlds, {found.Steps:N0} steps in {found.Took.TotalSeconds:N1} s: " +
                $"{found.Steps / found.Took.TotalSeconds:N0} steps/s"));
        if (found.Failing is null)
        {
            return 0;
        }

        Console.WriteLine($"FAILED {found.Broken!.Code}: {found.Broken.Message}\n{found.Failing}\nshrinking ...");
        var small = Shrinker.Shrink(found.Failing, found.Broken.Code, ShrinkLimit);
        Replay(small);
        Console.WriteLine($"again: ./build.sh sim {Command(small)}");
        return 1;
    }
}
