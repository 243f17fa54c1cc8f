using System.Diagnostics;
using System.Globalization;

namespace IacCi.Simulation;

/// <summary>How fast the simulator is, and how many calls the engine makes.</summary>
internal static class Bench
{
    public static int Run()
    {
        Search.Run(1, 3_000, TimeSpan.FromSeconds(20));
        foreach (var threads in new[] { 1, Environment.ProcessorCount })
        {
            var found = Search.Run(1_000_000, 1_000_000, TimeSpan.FromSeconds(10), null, threads);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{threads} thread(s): {found.Worlds / found.Took.TotalSeconds:N0} worlds/s, {found.Steps / found.Took.TotalSeconds:N0} " +
                    $"steps/s"));
        }

        return 0;
    }

    public static int Calls()
    {
        Console.WriteLine("shape       orders   intake/order  orchestrate/order  watch/order  steps/s");
        foreach (var shape in new[] { Shape.Wide, Shape.Chain, Shape.Layered })
        {
            foreach (var orders in new[] { 1, 10, 40, 100, 500, 2_000 })
            {
                var clock = Stopwatch.StartNew();
                var world = Client.NewWorld(Plain(shape, orders)).Run();
                if (world.Broken is { } broken)
                {
                    Console.WriteLine($"FAILED {broken.Code}: {broken.Message}");
                    return 1;
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{shape,-10} {orders,7}   {PerOrder(world, Role.Intake, orders),12:N2}  " +
                        $"{PerOrder(world, Role.Orchestrate, orders),17:N2}  {PerOrder(world, Role.OrderWatchdog, orders),11:N2}  " +
                            $"{world.Steps / clock.Elapsed.TotalSeconds,7:N0}"));
            }
        }

        return 0;
    }

    public static Spec Plain(Shape shape, int orders) =>
        new() { Seed = 7, Shape = shape, Orders = orders, Quiet = true, AllSucceed = true };

    private static double PerOrder(World world, Role role, int orders) => (double)world.CallsOf(role) / orders;
}
