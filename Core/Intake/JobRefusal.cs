using IacCi.Core.Jobs;
using IacCi.Core.Text;

namespace IacCi.Core.Intake;

/// <summary>
/// Something named in a job cannot be had: its sender has to correct it, and gets a 400. Whatever else fails is ours (500).
/// </summary>
internal sealed class JobRefusedException(string message, Exception? inner = null) : UserException(message, ExitCode.Invalid, inner)
{
    /// <summary>Marks a failure as the sender's.</summary>
    public JobRefusedException(UserException inner)
        : this(inner.Message, inner)
    {
    }
}

/// <summary>Bundles jobs, and marks what is wrong with them as the sender's.</summary>
internal sealed class RefusingBundler(IBundler bundler) : IBundler
{
    /// <inheritdoc/>
    /// <exception cref="JobRefusedException">Something named in the job cannot be had.</exception>
    public async ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            return await bundler.PrepareAsync(job, cancellationToken);
        }
        catch (UserException wrong)
        {
            throw new JobRefusedException(wrong);
        }
    }
}
