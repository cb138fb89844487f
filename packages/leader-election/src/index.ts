export {
  DEFAULT_TIMINGS,
  type LeaderElection,
  type LeaderElectionOptions,
  type LeaderStatus,
  type LeaderTimings,
  startLeaderElection,
} from "./leader-election.ts";
