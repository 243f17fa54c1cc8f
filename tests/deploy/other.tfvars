# Every variable that gives rights, at another value than its default; tests/deploy/calls-other.json says what that changes.
webhook_secret_location          = "aws:::secretd:hook"
vcs_ssm_prefixes                 = ["/git/"]
vcs_secret_prefixes              = ["git/"]
job_ssm_prefixes                 = ["/a/", "/b/"]
job_secret_prefixes              = ["c/"]
code_locations                   = ["my-code/releases/"]
secret_kms_key_arns              = ["arn:aws:kms:eu-central-1:123456789012:key/1234"]
access_logs                      = true
orchestrate_reserved_concurrency = 5
webhook_require                  = ["run_id", "sent_at"]
architecture                     = "arm64"
github_api_url                   = "https://github.example.com/api/v3"
work_reserved_concurrency        = 20
function_url                     = false
vpc_id                           = "vpc-0a1b"
vpc_subnet_ids                   = ["subnet-0a1b", "subnet-2c3d"]
vpc_security_group_ids           = ["sg-4e5f"]
