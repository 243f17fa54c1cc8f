using System.Globalization;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Asks for all settings that a role needs, so that everything that is missing or wrong is said at once.</summary>
internal static class SettingsCheck
{
    /// <summary>Asks for these settings.</summary>
    /// <exception cref="UserException">Some are missing, or wrong: a line for each.</exception>
    public static void Ask(params ReadOnlySpan<Func<object?>> settings)
    {
        List<string> problems = [];
        foreach (var setting in settings)
        {
            try
            {
                _ = setting();
            }
            catch (UserException wrong)
            {
                problems.Add(wrong.Message);
            }
        }

        if (problems.Count > 0)
        {
            var heading = string.Create(CultureInfo.InvariantCulture, $"{problems.Count} variables are missing or wrong:");
            throw new UserException(problems.Count == 1 ? problems[0] : string.Join("\n  ", problems.Prepend(heading)));
        }
    }
}
