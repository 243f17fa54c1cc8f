using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Each run's age identity, as a SecureString under <c>&lt;prefix&gt;/&lt;run_id&gt;</c>.</summary>
/// <param name="ssm">The client.</param>
/// <param name="prefix">The path, without a slash at its end.</param>
internal sealed class SsmRunKeys(IAmazonSimpleSystemsManagement ssm, string prefix) : IRunKeys
{
    /// <summary>The usual path.</summary>
    public const string DefaultPrefix = "/iac-ci/sops-keys";

    /// <summary>How often a key is made anew that somebody removes at the same moment.</summary>
    private const int MaxAttempts = 3;

    /// <summary>Where a run's identity is.</summary>
    public static string PathOf(string prefix, RunId run) => $"{prefix}/{run}";

    /// <summary>Checks a prefix.</summary>
    /// <param name="prefix">The prefix; a slash at its end is cut off.</param>
    /// <param name="variable">What names it, for messages.</param>
    /// <exception cref="UserException">SSM does not allow it
    /// (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html).</exception>
    public static string CheckPrefix(string prefix, string variable)
    {
        var path = prefix.TrimEnd('/');
        var valid = path.StartsWith('/') && path.All(c => char.IsAsciiLetterOrDigit(c) || "_.-/".Contains(c))
            && !path.StartsWith("/aws", StringComparison.OrdinalIgnoreCase) && !path.StartsWith("/ssm", StringComparison.OrdinalIgnoreCase);
        return valid
            ? path
            : throw new UserException(
                $"{variable} has to be a path such as {DefaultPrefix}: letters, digits and _.-/, not beginning with /aws or /ssm");
    }

    /// <inheritdoc/>
    public async ValueTask<string> GetOrCreateRecipientAsync(RunId run, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var made = AgeIdentity.Generate();
            if (await TryCreateAsync(run, made, cancellationToken))
            {
                return made.Recipient.ToString();
            }

            if (await FindAsync(run, cancellationToken) is { } standing)
            {
                return standing.Recipient.ToString();
            }
        }

        throw new StoreUnavailableException($"the SSM parameter {PathOf(prefix, run)} comes and goes; submit the job again");
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(RunId run, CancellationToken cancellationToken)
    {
        try
        {
            await ssm.DeleteParameterAsync(new DeleteParameterRequest { Name = PathOf(prefix, run) }, cancellationToken);
        }
        catch (ParameterNotFoundException)
        {
            // Removed before.
        }
        catch (Exception failure) when (Explain(failure, run, "ssm:DeleteParameter", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    private async ValueTask<bool> TryCreateAsync(RunId run, AgeIdentity identity, CancellationToken cancellationToken)
    {
        var request = new PutParameterRequest
        {
            Name = PathOf(prefix, run),
            Value = identity.ToString(),
            Type = ParameterType.SecureString,
            Overwrite = false,
            Description = $"The age identity of run {run}; removed when the run is final.",
        };
        try
        {
            await ssm.PutParameterAsync(request, cancellationToken);
            return true;
        }
        catch (ParameterAlreadyExistsException)
        {
            return false;
        }
        catch (Exception failure) when (Explain(failure, run, "ssm:PutParameter", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    private async ValueTask<AgeIdentity?> FindAsync(RunId run, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await ssm.GetParameterAsync(
                new GetParameterRequest { Name = PathOf(prefix, run), WithDecryption = true }, cancellationToken);
            return AgeKeys.Parse(answer.Parameter.Value, PathOf(prefix, run))[0];
        }
        catch (ParameterNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (
            Explain(failure, run, "ssm:GetParameter, and kms:Decrypt for its key", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    private Exception? Explain(Exception failure, RunId run, string permission, CancellationToken cancellationToken)
    {
        var what = $"the SSM parameter {PathOf(prefix, run)}";
        return AwsErrors.Explain(failure, new AwsCall(what, permission), cancellationToken) ?? (failure is AmazonServiceException refused
            ? new UserException(
                $"SSM refused {what} ({AwsErrors.Detail(refused)}): correct {AwsSettings.SopsKeyPrefixVariable}, or look at the account's limits",
                inner: refused)
            : null);
    }
}
