namespace IacCi.Simulation;

/// <summary>The calls that are told apart and counted.</summary>
internal enum Verb : byte
{
    CreateJob, FindJob, AddOrders, Activate, AdvanceJob, SetComment, Advance, TryAcquireLease, AddToInbox, Commit, Complete, FindLock,
    FindOrders,
    ReadEvents, ListJobs, Get, Find, Create, Put, List, StartWorker, StopWorker, Describe, StartWatchdog, MakeKey, DeleteKey, Announce,
    Update,
    Prepare, Claim, Run, Flush, SetDeadline, AddHost, BreakLease, Report,
}

/// <summary>Who calls.</summary>
internal enum Role : byte
{
    Intake, Orchestrate, OrderWatchdog, JobWatchdog, Worker, Reader, Machine,
}

/// <summary>What can go wrong in the world.</summary>
[Flags]
internal enum Fault : uint
{
    None = 0,

    // Of single calls.
    CrashBefore = 1 << 0,
    CrashAfter = 1 << 1,
    Throttle = 1 << 2,
    ErrorAfter = 1 << 3,
    Repeated = 1 << 4,
    Slow = 1 << 5,
    Pause = 1 << 6,

    // Of services.
    LambdaLimit = 1 << 7,
    EventLost = 1 << 8,
    EventTwice = 1 << 9,
    EventLate = 1 << 10,
    AsyncTwice = 1 << 11,
    AsyncDropped = 1 << 12,
    StartRefused = 1 << 13,
    BuildQueued = 1 << 14,
    BuildFails = 1 << 15,
    WatchdogRefused = 1 << 16,
    TickLate = 1 << 17,
    SkewSeconds = 1 << 18,
    SkewMinute = 1 << 19,
    JobDeadline = 1 << 20,
    Resubmit = 1 << 21,
    OtherPayload = 1 << 22,
    WorkerDies = 1 << 23,

    /// <summary>Records and objects are deleted once their time is over: at once, days late, or never.</summary>
    Forgets = 1 << 24,

    /// <summary>An index of events follows its table late.</summary>
    IndexLags = 1 << 25,

    /// <summary>Signed URLs die early, with the credentials that signed them.</summary>
    UrlsExpire = 1 << 26,

    /// <summary>A transaction meets another one. (Of single calls.)</summary>
    Conflict = 1 << 27,

    /// <summary>Commands, output and events are as large as they may be.</summary>
    Large = 1 << 28,
    All = (1 << 29) - 1,
}

/// <summary>What can be taken away from the engine to see whether the suite notices.</summary>
internal enum Mutation : byte
{
    None,
    CreateJobOverwrites,
    AddOrdersOverwrites,
    ActivateAnyStatus,
    AdvanceJobAnyStatus,
    AdvanceAnyStatus,
    AdvanceInParts,
    AdvanceWhatItCan,
    AdvanceWithoutEvent,
    EnterThoughHeld,
    EnterThoughCompleted,
    EnterWithoutInbox,
    EnterReadsBeforeItWrites,
    InboxDropped,
    InboxThoughCompleted,
    CommitOfAnybody,
    CommitEmptiesInbox,
    LeaveWhateverTheInbox,
    CompleteKeepsInbox,
    LeaseWaitsForTtl,
    RecordsForgottenEarly,
    ClaimSkipped,
    EngineClaimSkipped,
    ResultOverwritten,
    DoneOverwritten,
    BundleOverwritten,
    PlanOverwritten,
    StartBeforeIntent,
    TriggerForgotten,
    HandOverForgotten,
    RecordIgnored,
    ErrorSwallowed,
    JobWatchAsleep,
    OrderWatchAsleep,
    KeyKept,
    WatchdogStartsTwice,
    WatchFromDispatch,
    ClaimsShareATime,
    ClaimTimeForgotten,
    AllowanceForgotten,
    OrderWatchLate,
    DeadlineEarly,
    DeadlineLate,
    RefusalThoughClaimed,
    EngineClaimUnheard,
    StopUnheard,
    StepTimeWrong,
    RecordTimesLost,
    WatchdogForgotten,
    StopForgotten,
    NewsNotListed,
    ReportForgotten,
    IntakeAbandonedEarly,
    RenewalForgotten,
    AcceptanceForgotten,

    // Of one machine.
    LocalClaimsAsOldAsTheFirst,
    LocalSlotLeaked,
    LocalSlotTooMany,
    LocalDeathUnseen,
    LocalLivingTakenForDead,
    LocalDeadlineOfWallClock,
    LocalDeadlineNotRenewed,
    LocalEndNotRecorded,
    LocalSignalsLost,
    LocalSubmissionForgotten,
    LocalFlushSkipped,
    LocalBusyLoop,
}

/// <summary>The engine broke a promise.</summary>
internal sealed class Breach(string code, string message) : Exception(message)
{
    /// <summary>Which: the same for all traces that show the same fault.</summary>
    public string Code { get; } = code;
}
