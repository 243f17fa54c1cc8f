return await IacCi.Commands.Cli.RunAsync(args).ConfigureAwait(false);
