using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Octokit.Internal;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>
/// The serializer that Octokit's connection is given in place of its own, which finds properties by reflection and under
/// ahead-of-time compilation sends <c>{}</c>. A type that the context does not know is a bug and throws.
/// </summary>
internal sealed class GitHubSerializer : IJsonSerializer
{
    public string Serialize(object item) => JsonSerializer.Serialize(item, TypeInfo(item.GetType()));

    public T Deserialize<T>(string json) =>
        string.IsNullOrEmpty(json) ? default! : JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)TypeInfo(typeof(T)))!;

    private static JsonTypeInfo TypeInfo(Type type) =>
        GitHubJson.Default.GetTypeInfo(type) ?? throw new NotSupportedException($"{type} is not in {nameof(GitHubJson)}");
}
