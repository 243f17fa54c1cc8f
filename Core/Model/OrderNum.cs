using System.Globalization;

namespace IacCi.Core.Model;

/// <summary>
/// The place of an order in its job's list: <c>0001</c> to <c>9999</c>; <c>0000</c> stands for the job itself.
/// </summary>
internal readonly record struct OrderNum : IComparable<OrderNum>
{
    /// <summary>The most orders a job may have.</summary>
    public const int MaxOrders = 9_999;

    /// <summary>Wraps a number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not within 0 to 9,999.</exception>
    public OrderNum(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxOrders);
        Value = value;
    }

    /// <summary>The number itself.</summary>
    public int Value { get; }

    /// <summary>The job itself, <c>0000</c>: the trigger's and the job watchdog's number.</summary>
    public static OrderNum Job => default;

    /// <summary>Whether this is <c>0000</c>, the job itself.</summary>
    public bool IsJob => Value == 0;

    /// <summary>The index of the order in the job's list (0-based).</summary>
    public int Index => Value - 1;

    /// <summary>The number of the order at this index (0-based).</summary>
    public static OrderNum At(int index) => new(index + 1);

    /// <summary>Reads the four digits of a key; false for anything else.</summary>
    public static bool TryParse(string? text, out OrderNum num)
    {
        var valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && text!.Length == 4;
        num = valid ? new OrderNum(value) : default;
        return valid;
    }

    /// <inheritdoc/>
    public int CompareTo(OrderNum other) => Value.CompareTo(other.Value);

    /// <summary>Four digits, as in every key.</summary>
    public override string ToString() => Value.ToString("D4", CultureInfo.InvariantCulture);

    /// <summary>Orders by number.</summary>
    public static bool operator <(OrderNum left, OrderNum right) => left.Value < right.Value;

    /// <summary>Orders by number.</summary>
    public static bool operator >(OrderNum left, OrderNum right) => left.Value > right.Value;

    /// <summary>Orders by number.</summary>
    public static bool operator <=(OrderNum left, OrderNum right) => left.Value <= right.Value;

    /// <summary>Orders by number.</summary>
    public static bool operator >=(OrderNum left, OrderNum right) => left.Value >= right.Value;
}
