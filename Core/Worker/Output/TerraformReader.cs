using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Worker.Output;

/// <summary>
/// Reads what Terraform says it changes out of an order's output as it comes, however much output there is before and after it. It keeps
/// the beginning of one line and no more.
/// </summary>
internal sealed class TerraformReader : IOutputSink
{
    /// <summary>A longer line is none of Terraform's sums; its sentences have about a hundred bytes, and colours.</summary>
    private const int MaxLineBytes = 1_024;

    private readonly TerraformLines lines = new();
    private readonly byte[] line = new byte[MaxLineBytes];
    private int count;
    private bool isTooLong, isReturned;

    /// <summary>What was read so far; whole after <see cref="Complete"/>.</summary>
    public TerraformSums? Sums => lines.Sums;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output)
    {
        while (!output.IsEmpty)
        {
            var end = output.IndexOfAny((byte)'\n', (byte)'\r');
            Add(end < 0 ? output : output[..end]);
            if (end < 0)
            {
                return;
            }

            if (output[end] == '\n')
            {
                EndLine();
            }
            else
            {
                isReturned = true;
            }

            output = output[(end + 1)..];
        }
    }

    /// <summary>The output has ended, perhaps in the middle of a line.</summary>
    public void Complete() => EndLine();

    /// <summary>What is written behind a carriage return stands over what was there.</summary>
    private void Add(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (isReturned)
        {
            (count, isTooLong, isReturned) = (0, false, false);
        }

        isTooLong |= text.Length > MaxLineBytes - count;
        if (!isTooLong)
        {
            text.CopyTo(line.AsSpan(count));
            count += text.Length;
        }
    }

    private void EndLine()
    {
        if (!isTooLong && count > 0)
        {
            lines.Take(ScreenText.Plain(Encoding.UTF8.GetString(line, 0, count)).TrimEnd());
        }

        (count, isTooLong, isReturned) = (0, false, false);
    }
}
