//! Who acts by the command line, and what is an act.

use serde_json::json;

use crate::cli::output::Output;
use crate::kernel::ids::ProposalId;
use crate::kernel::operators::Operator;

/// The machine's own command line acts as whoever runs it.
pub(super) fn here() -> Operator {
    Operator::Local(rustix::process::getuid().as_raw())
}

/// Says that nothing was done yet: another operator is to confirm it.
pub(super) fn proposed(id: ProposalId, output: Output) {
    output.show(&json!({"proposed": id}), || said(id));
}

/// The same for people.
pub(super) fn said(id: ProposalId) -> String {
    format!(
        "proposed as {id}, and not done: another operator confirms it within a day, in the console or by\n\
         seif operators confirm {id} --as NAME\n\
         Then run the same command again, within a day of that."
    )
}

/// Every command that is an act, with what the operators' ledger says of it. For tests, which run each.
#[cfg(any(test, feature = "testing"))]
pub const ACTS: &[(&str, crate::kernel::operators::Act)] = {
    use crate::kernel::operators::Act;
    &[
        ("keys rotate-root", Act::RotateRoot),
        ("keys rotate", Act::RotateKeys),
        ("keys pause", Act::PauseKeys),
        ("keys go-on", Act::ResumeKeys),
        ("keys pace", Act::PaceKeys),
        ("keys destroy-root", Act::DestroyRoot),
        ("backup create", Act::TakeBackup),
        ("backup restore", Act::Restore),
        ("backup drill", Act::TryBackup),
        ("policy draft", Act::DraftPolicy),
        ("policy announce", Act::AnnouncePolicy),
        ("policy withdraw", Act::WithdrawPolicy),
        ("policy bounced", Act::NoteBounce),
        ("policy evidence", Act::ExportEvidence),
        ("support verify", Act::IdentifyCaller),
        ("tenants show", Act::ShowTenant),
        ("tenants erase", Act::EraseTenant),
        ("support view", Act::ViewForSupport),
        ("operators add", Act::AddOperator),
        ("operators role", Act::ChangeOperator),
        ("operators reset", Act::ResetOperator),
        ("operators remove", Act::RemoveOperator),
    ]
};

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Commands that run or show the service itself, and neither change what it keeps nor look at whose it is.
    const OTHERS: &[&str] = &[
        "serve",
        "migrate",
        "demo",
        "keys status",
        "keys reports",
        "backup verify",
        "backup list",
        "operators list",
        "tenants list",
        "support grants",
        "audit list",
        "audit verify",
        "doctor",
        // What they say of another act is that act's entry.
        "operators proposals",
        "operators confirm",
        "operators refuse",
        "policy preview",
        "policy list",
        "policy notices",
        "verify",
        "open",
        "routes",
        "openapi",
    ];

    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for child in command.get_subcommands() {
            let name = format!("{path} {}", child.get_name());
            if child.get_subcommands().next().is_none() {
                found.push(name.trim().to_owned());
            } else {
                leaves(child, &name, found);
            }
        }
    }

    #[test]
    fn of_each_command_it_is_decided_whether_it_is_an_act() {
        let mut found = Vec::new();
        leaves(&crate::cli::Arguments::command(), "", &mut found);
        for command in &found {
            let is_act = ACTS.iter().any(|(name, _)| name == command);
            assert_ne!(is_act, OTHERS.contains(&command.as_str()), "{command}");
        }
        for name in ACTS.iter().map(|(name, _)| name).chain(OTHERS) {
            assert!(found.iter().any(|command| command == name), "{name} is no command");
        }
    }
}
