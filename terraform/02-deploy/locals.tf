data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# Names come first and ARNs are made of them, instead of read from resources. So every policy is known when the plan is
# shown, and can be reviewed and tested there; and the watchdog's function may name the state machine that calls it.
locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = var.aws_region

  functions = {
    webhook = {
      description = "Intake: validates a job, bundles its code and secrets, and triggers it"
      timeout     = 300
    }
    orchestrate = {
      description = "Decides what of a run can start, and starts it"
      timeout     = 900
    }
    watchdog = {
      description = "Looks after one order, or one job, once a minute"
      timeout     = 60
    }
    work = {
      description = "Runs the commands of one order"
      timeout     = 900
    }
  }

  # IAM is one per account, so its names carry the region; bucket names are one for the world.
  role_prefix     = "${var.name_prefix}-${local.region}"
  function_names  = { for role in keys(local.functions) : role => "${var.name_prefix}-${role}" }
  orders_table    = "${var.name_prefix}-orders"
  events_table    = "${var.name_prefix}-order-events"
  locks_table     = "${var.name_prefix}-orchestrator-locks"
  internal_bucket = "${var.name_prefix}-internal-${local.account}-${local.region}"
  done_bucket     = "${var.name_prefix}-done-${local.account}-${local.region}"
  project         = "${var.name_prefix}-work"
  state_machine   = "${var.name_prefix}-watchdog"
  dropped_queue   = "${var.name_prefix}-dropped"
  repository      = join("/", slice(split("/", var.ecr_repository_url), 1, length(split("/", var.ecr_repository_url))))

  arn = {
    orders        = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.orders_table}"
    events        = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.events_table}"
    locks         = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.locks_table}"
    internal      = "arn:${local.partition}:s3:::${local.internal_bucket}"
    done          = "arn:${local.partition}:s3:::${local.done_bucket}"
    project       = "arn:${local.partition}:codebuild:${local.region}:${local.account}:project/${local.project}"
    state_machine = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.state_machine}"
    dropped       = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.dropped_queue}"
    repository    = "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${local.repository}"
    run_keys      = "arn:${local.partition}:s3:::${local.internal_bucket}/tmp/keys/*"
    ssm           = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"
    secret        = "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret"
    webhook_role  = "arn:${local.partition}:iam::${local.account}:role/${local.role_prefix}-webhook"
    reader        = "arn:${local.partition}:iam::${local.account}:role/${local.role_prefix}-reader"
    logs          = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group"
  }
  function_arns = { for role, name in local.function_names : role => "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${name}" }

  webhook_secret_location = coalesce(var.webhook_secret_location, "aws:::ssm:/${var.name_prefix}/webhook-secret")

  # What jobs may have read for them. The engine holds each location of a job against these before it reads it; the policies
  # in iam.tf follow from the same lists.
  job_ssm_prefixes    = coalesce(var.job_ssm_prefixes, ["/${var.name_prefix}/jobs/"])
  job_secret_prefixes = coalesce(var.job_secret_prefixes, ["${var.name_prefix}/jobs/"])
  vcs_ssm_prefixes    = coalesce(var.vcs_ssm_prefixes, ["/${var.name_prefix}/vcs/"])
  vcs_secret_prefixes = coalesce(var.vcs_secret_prefixes, ["${var.name_prefix}/vcs/"])

  in_vpc     = length(var.vpc_subnet_ids) > 0
  vpc_prefix = "arn:${local.partition}:ec2:${local.region}:${local.account}"

  # What may run at once, out of the account's pool; null reserves nothing.
  reserved_concurrency   = { orchestrate = var.orchestrate_reserved_concurrency, work = var.work_reserved_concurrency }
  work_event_age_seconds = 960

  # The variables of the engine. `work` needs none: all it may do stands in the event it is given.
  environment = merge(
    {
      IAC_CI_ORDERS_TABLE            = local.orders_table
      IAC_CI_ORDER_EVENTS_TABLE      = local.events_table
      IAC_CI_LOCKS_TABLE             = local.locks_table
      IAC_CI_INTERNAL_BUCKET         = local.internal_bucket
      IAC_CI_DONE_BUCKET             = local.done_bucket
      IAC_CI_WORKER_LAMBDA           = local.function_names["work"]
      IAC_CI_ORCHESTRATE_LAMBDA      = local.function_names["orchestrate"]
      IAC_CI_CODEBUILD_PROJECT       = local.project
      IAC_CI_WATCHDOG_SFN            = local.arn.state_machine
      IAC_CI_WEBHOOK_SECRET_LOCATION = local.webhook_secret_location
      IAC_CI_JOB_SSM_PREFIXES        = join(",", local.job_ssm_prefixes)
      IAC_CI_JOB_SECRET_PREFIXES     = join(",", local.job_secret_prefixes)
      IAC_CI_VCS_SSM_PREFIXES        = join(",", local.vcs_ssm_prefixes)
      IAC_CI_VCS_SECRET_PREFIXES     = join(",", local.vcs_secret_prefixes)
      IAC_CI_RECORD_DAYS             = tostring(var.record_days)
    },
    length(var.code_locations) == 0 ? {} : { IAC_CI_CODE_LOCATIONS = join(",", var.code_locations) },
    length(var.webhook_require) == 0 ? {} : { IAC_CI_WEBHOOK_REQUIRE = join(",", var.webhook_require) },
    var.github_api_url == null ? {} : { IAC_CI_GITHUB_API_URL = var.github_api_url },
  )
}
