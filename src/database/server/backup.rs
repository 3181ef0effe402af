//! Backups that the server makes while it works.

use crate::{
    Call,
    database::{Database, options::record},
    resp::ToArgs,
};

impl Database {
    /// Starts a backup into the server's `backupdirname`; an error if one is under way
    ///
    /// See [BACKUP START](https://redis.io/docs/latest/commands/backup-start/). Since Redis 8.10.
    pub fn backup_start(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("BACKUP", "START", ())
    }

    /// Ends the backup: what is written from now on is not in it
    ///
    /// See [BACKUP SEAL](https://redis.io/docs/latest/commands/backup-seal/). Since Redis 8.10.
    pub fn backup_seal(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("BACKUP", "SEAL", ())
    }

    /// Gives up a backup that is not sealed
    ///
    /// See [BACKUP ABORT](https://redis.io/docs/latest/commands/backup-abort/). Since Redis 8.10.
    pub fn backup_abort(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("BACKUP", "ABORT", ())
    }

    /// Deletes the files of a sealed backup
    ///
    /// See [BACKUP CLEANUP](https://redis.io/docs/latest/commands/backup-cleanup/). Since Redis 8.10.
    pub fn backup_cleanup(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("BACKUP", "CLEANUP", ())
    }

    /// What the server does about a backup
    ///
    /// See [BACKUP STATUS](https://redis.io/docs/latest/commands/backup-status/). Since Redis 8.10.
    pub fn backup_status(&self) -> Call<'_, BackupStatus, impl ToArgs> {
        self.call2("BACKUP", "STATUS", ())
    }

    /// The files of the backup that no longer change
    ///
    /// See [BACKUP LIST](https://redis.io/docs/latest/commands/backup-list/). Since Redis 8.10.
    pub fn backup_list(&self) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("BACKUP", "LIST", ())
    }
}

record! {
    /// What the server does about a backup
    BackupStatus {
        /// `idle`, or how far the backup is.
        "state" => state: String,
        /// Why the last one failed; empty if it did not.
        "error" => error: String,
        /// When it began, as the server says it; 0 if there is none.
        "start_time" => start_time: u64,
        /// When it ended, as the server says it; 0 if it did not.
        "end_time" => end_time: u64,
    }
}
