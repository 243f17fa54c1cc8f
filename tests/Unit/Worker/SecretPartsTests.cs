using IacCi.Core.Worker.Masking;

namespace IacCi.Tests.Unit.Worker;

/// <summary>What stands in a secret is secret by itself.</summary>
internal sealed class SecretPartsTests
{
    private const string Rds =
        """{"username":"dbadmin","password":"p@ss/W0rd+1","engine":"mysql","host":"db.internal","port":5432,"ssl":true,"x":null}""";

    [Test]
    [Arguments(Rds, "dbadmin|p@ss/W0rd+1|5432|db.internal")]
    [Arguments("""{"a":{"b":[{"c":"deep-value"},12345.5]}}""", "deep-value|12345.5")]
    [Arguments("""{"a":"{\"b\":\"inner-value\"}"}""", "inner-value")]
    [Arguments("""{"escaped":"line1-value\nline2-value\u0026"}""", "line1-value|line2-value&")]
    [Arguments("{\"a\":\"first-json\"}\n{\"a\":\"second-json\"}", "first-json|second-json")]
    [Arguments("DB_USER=dbadmin\nexport DB_PASS=\"p@ss \\\"w0rd\"\n# a comment\nTOKEN='it''s-quoted' \nPORT=5432 # the port\n",
        "dbadmin|p@ss \"w0rd|it's-quoted|5432")]
    [Arguments("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key=abc/def+ghi==\n", "AKIAEXAMPLE|abc/def+ghi==")]
    [Arguments("user: dbadmin\npassword: \"yaml-secret\"\n- token: list-secret\n", "dbadmin|yaml-secret|list-secret")]
    [Arguments("Server=db;Database=app1;User Id=sauser;Password=S3cret!;Encrypt=true", "sauser|S3cret!|app1")]
    [Arguments("host=db.internal port=5432 user=dbadmin password='it\\'s here'", "dbadmin|db.internal")]
    [Arguments("DefaultEndpointsProtocol=https;AccountName=acct1;AccountKey=abcd/efgh+ijkl==;EndpointSuffix=core.windows.net",
        "acct1|abcd/efgh+ijkl==")]
    [Arguments("postgres://dbadmin:p%40ss%2Fw0rd@db.internal:5432/app?sslpassword=query-secret",
        "dbadmin|p%40ss%2Fw0rd|p@ss/w0rd|query-secret")]
    [Arguments("""{"url":"amqps://mquser:mq-secret@mq:5671/%2f"}""", "mquser|mq-secret")]
    [Arguments("jdbc:mysql://db/app?user=jdbcuser&password=jdbc-secret", "jdbcuser|jdbc-secret")]
    [Arguments("dbadmin:p@ss:w0rd", "p@ss:w0rd")]
    [Arguments("Authorization: Bearer abc.def.ghi", "abc.def.ghi")]
    [Arguments("machine git.example login netuser password net-secret", "netuser|net-secret")]
    [Arguments("""{"auths":{"registry":{"auth":"dXNlcjE6cmVnLXNlY3JldA=="}}}""", "user1:reg-secret|reg-secret")]
    [Arguments("<settings><server><password>xml-secret</password></server></settings>", "xml-secret")]
    [Arguments("password = \"tf-secret\"\nsize = 3\n", "tf-secret")]
    public async Task Values_within_a_value_are_masked(string secret, string parts)
    {
        var masker = new SecretMasker([secret]);
        foreach (var part in parts.Split('|'))
        {
            await Assert.That(masker.MaskText($"<<{part}>>")).IsEqualTo("<<***>>").Because(part);
        }
    }

    [Test]
    public async Task Words_that_are_no_secrets_stay()
    {
        var masker = new SecretMasker([Rds, "A=true\nMODE=require\nURL=https"]);
        const string Log = "ssl: true, sslmode=require over https, ssl null";
        await Assert.That(masker.MaskText(Log)).IsEqualTo(Log);
    }

    [Test]
    public async Task What_is_too_short_stays_and_is_named()
    {
        const string Secret = """{"port":443,"pin":"12","ok":"long-enough","flag":false,"list":["ab"]}""";
        await Assert.That(SecretMasker.TooShortWithin(Secret)).IsEquivalentTo(["port", "pin", "list"]);
        await Assert.That(new SecretMasker([Secret]).MaskText("443 12 long-enough")).IsEqualTo("443 12 ***");
        await Assert.That(SecretMasker.TooShortWithin("-----BEGIN KEY-----\nabcd==\nef=\n-----END KEY-----\n")).IsEmpty();
    }

    [Test]
    public async Task Hostile_values_end()
    {
        string[] hostile =
        [
            new string('{', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60), new string('=', 50_000),
            string.Concat(Enumerable.Repeat("a=b;", 20_000)), string.Concat(Enumerable.Repeat("://a:b@", 10_000)), new string('"', 60_000),
            "\ud800", "{\"a\":\"\\ud800\"}",
            new string('a', 100_000) + ":", string.Concat(Enumerable.Repeat("a ", 50_000)) + "=",
        ];
        foreach (var value in hostile)
        {
            await Assert.That(new SecretMasker([value]).MaskText("nothing of it")).IsEqualTo("nothing of it");
        }
    }
}
