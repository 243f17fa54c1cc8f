using IacCi.Core.Jobs.Fields;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Rules;

/// <summary>The rules of dependencies: they exist, each once, and in no circle.</summary>
internal static class DependencyRules
{
    /// <summary>Up to how many names a misspelt dependency is compared with them: the search looks at all of them.</summary>
    private const int MaxNamesToGuess = 500;

    /// <summary>How many unknown dependencies get a guess; the others are reported without.</summary>
    private const int MaxGuesses = 100;

    public static void Check(IReadOnlyList<Order> orders, OrderNames names, NodeRef node, Diagnostics diagnostics)
    {
        var guessing = names.All.Take(MaxNamesToGuess + 1).Count() <= MaxNamesToGuess ? [.. names.All] : Array.Empty<string>();
        var guesses = 0;
        var graph = new int[orders.Count][];
        for (var i = 0; i < orders.Count; i++)
        {
            graph[i] = Resolve(i);
        }

        foreach (var cycle in Cycles.Find(graph))
        {
            Report(cycle, orders, names, node, diagnostics);
        }

        int[] Resolve(int index)
        {
            var found = new Dictionary<int, string>();
            for (var k = 0; k < orders[index].Dependencies.Count; k++)
            {
                var name = orders[index].Dependencies[k];
                NodeRef Here() => node.Item(index).Field("dependencies").Item(k);
                if (name.Length == 0)
                {
                    continue; // It is not a text, or empty: that has been said.
                }

                if (names.Find(name) is not { } target)
                {
                    diagnostics.Add(Here(), Unknown(name, guesses++ < MaxGuesses ? guessing : []));
                }
                else if (target == index)
                {
                    diagnostics.Add(Here(), $"{Diagnostics.Quote(name)} is the order itself; remove it");
                }
                else if (!found.TryAdd(target, name))
                {
                    diagnostics.Add(Here(), found[target] == name
                        ? $"{Diagnostics.Quote(name)} is given twice; remove one"
                        : $"{Diagnostics.Quote(name)} is the same order as {Diagnostics.Quote(found[target])}; remove one");
                }
            }

            return [.. found.Keys];
        }
    }

    private static string Unknown(string name, IReadOnlyList<string> names) =>
        $"no order has the queue_id or order_name {Diagnostics.Quote(name)}; " +
        (Spelling.Nearest(name, names) is { } near ? $"did you mean {Diagnostics.Quote(near)}?" : "correct it, or add such an order");

    private static void Report(
        IReadOnlyList<int> cycle, IReadOnlyList<Order> orders, OrderNames names, NodeRef node, Diagnostics diagnostics)
    {
        var first = cycle[0];
        var place = orders[first].Dependencies.Select(names.Find).ToList().IndexOf(cycle[1]);
        diagnostics.Add(node.Item(first).Field("dependencies").Item(place),
            $"waits for itself in a circle: {Spell(cycle, orders)} (-> means waits for); remove one of these dependencies");
    }

    /// <summary>The names around the circle; of a long one the beginning and the end.</summary>
    private static string Spell(IReadOnlyList<int> cycle, IReadOnlyList<Order> orders)
    {
        const int MaxShown = 20;
        string Name(int index) => Diagnostics.Shorten(orders[index].NameAt(index));
        var shown = cycle.Count <= MaxShown
            ? cycle.Select(Name)
            : [.. cycle.Take(MaxShown / 2).Select(Name), $"({Plural.Number(cycle.Count - MaxShown)} more)",
                .. cycle.Skip(cycle.Count - (MaxShown / 2)).Select(Name)];
        return string.Join(" -> ", [.. shown, Name(cycle[0])]);
    }
}
