//! `seif operators`: who may sign in to the console, and as what.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app;
use crate::cli::operator::here;
use crate::cli::output::{Output, progress};
use crate::kernel::ids::ProposalId;
use crate::kernel::operators::{Act, Ledger, OperatorAccount, OperatorName, Proposal, Role};
use crate::kernel::personal::Secret;
use crate::operators::Operators as Slice;
use crate::settings::Settings;

/// What to do about operators.
#[derive(Debug, Subcommand)]
pub(super) enum Operators {
    /// Adds an operator, and shows once what their authenticator app needs. The first one is made so.
    Add {
        /// What they sign in as.
        name: OperatorName,
        /// reader, key_keeper, publisher or administrator.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Lists them.
    List,
    /// Gives one another role; it counts from their next request on.
    Role {
        /// Who.
        name: OperatorName,
        /// reader, key_keeper, publisher or administrator.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Removes one, and ends their sessions.
    Remove {
        /// Who.
        name: OperatorName,
    },
    /// Lists what is proposed, newest first: what takes two operators, and where it stands.
    Proposals,
    /// Confirms what another operator proposed, as an operator who has an account: a user id of the machine is no second
    /// person, so that a code of their app is read from stdin. Works while the service is stopped.
    Confirm {
        /// The proposal's id.
        id: ProposalId,
        /// Who confirms it.
        #[arg(long = "as", value_name = "NAME")]
        name: OperatorName,
    },
    /// Refuses what is proposed, or takes it back: it is not done, confirmed or not.
    Refuse {
        /// The proposal's id.
        id: ProposalId,
    },
    /// Gives one a new app secret, shown once; what they signed in by before does so no more, and their sessions end.
    Reset {
        /// Who.
        name: OperatorName,
    },
}

fn role(name: &str) -> Result<Role, &'static str> {
    Role::named(name).ok_or("not one of reader, key_keeper, publisher, administrator")
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Operators, output: Output) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Operators::Proposals => return proposals(settings, output),
        Operators::Confirm { id, name } => return runtime.block_on(confirm(settings, *id, name, output)),
        Operators::Refuse { id } => return runtime.block_on(refuse(settings, *id, output)),
        _ => {}
    }
    let operators = app::operators_beside(settings)?;
    runtime.block_on(async {
        match command {
            Operators::Proposals | Operators::Confirm { .. } | Operators::Refuse { .. } => {}
            Operators::Add { name, role } => made(&operators.add(here(), name, *role).await?, output),
            Operators::List => list(&operators, output).await?,
            Operators::Role { name, role } => {
                let account = operators.named(name).await?;
                operators.give_role(here(), account.id, *role).await?;
                output.show(&json!({"id": account.id, "role": role}), || {
                    format!("{} is {} from now on", name.text().reveal(), role.name())
                });
            }
            Operators::Remove { name } => {
                let account = operators.named(name).await?;
                operators.remove(here(), account.id).await?;
                output.show(&json!({"id": account.id, "removed": true}), || {
                    format!("{} is removed, and their sessions are ended", name.text().reveal())
                });
            }
            Operators::Reset { name } => {
                let account = operators.named(name).await?;
                made(&operators.reset(here(), account.id).await?, output);
            }
        }
        Ok(())
    })
}

/// So many of them are listed.
const SHOWN: i64 = 100;

fn proposals(settings: &Settings, output: Output) -> anyhow::Result<()> {
    let all = Ledger::of(&app::open_keyring(settings)?).proposals(SHOWN)?;
    output.show(&json!({"proposals": all}), || {
        let line = |proposal: &Proposal| {
            let (standing, of) = (proposal.standing.name(), json!(proposal.of));
            let decided = proposal.decided_by.map_or_else(String::new, |by| format!("  decided by {by}"));
            format!(
                "{}  {}  {}  {of}  by {}, until {}{decided}",
                proposal.id,
                standing,
                proposal.act.name(),
                proposal.proposer,
                proposal.expires_at.rfc3339()
            )
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn confirm(settings: &Settings, id: ProposalId, name: &OperatorName, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let proposal = Ledger::of(&keyring).proposal(id)?;
    if proposal.act == Act::AnnouncePolicy {
        // Nobody confirms other words than stand there to be read.
        app::policies_beside(settings)?.demand_drafted(&serde_json::from_value(proposal.deed.clone())?).await?;
    }
    progress(&format!("{} {}, proposed by {}", proposal.act.name(), json!(proposal.of), proposal.proposer));
    progress(&format!("a code of the app of {}:", name.text().reveal()));
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    let witness = keyring.witness(here(), name, &Secret::new(typed.trim().to_owned())).await?;
    Ledger::of(&keyring).confirm(&witness, id).await?;
    output.show(&json!({"proposal": id, "standing": "confirmed", "by": witness.operator()}), || {
        format!("confirmed: {} may do it within a day", proposal.proposer)
    });
    Ok(())
}

async fn refuse(settings: &Settings, id: ProposalId, output: Output) -> anyhow::Result<()> {
    Ledger::of(&app::open_keyring(settings)?).refuse(here(), id).await?;
    output.show(&json!({"proposal": id, "standing": "refused"}), || "refused: it is not done".to_owned());
    Ok(())
}

async fn list(operators: &Slice, output: Output) -> anyhow::Result<()> {
    let all = operators.list().await?;
    output.show(&json!({"operators": all.iter().map(described).collect::<Vec<_>>()}), || {
        let line = |account: &OperatorAccount| {
            let (name, passkeys) = (account.kept.name.reveal(), account.kept.passkeys.len());
            let role = account.role.name();
            format!("{name}  {role}  since {}  {passkeys} passkeys  {}", account.created_at.rfc3339(), account.id)
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn described(account: &OperatorAccount) -> Value {
    json!({
        "id": account.id, "name": account.kept.name.reveal(), "role": account.role, "created_at": account.created_at,
        "passkeys": account.kept.passkeys.len(),
    })
}

fn made(account: &OperatorAccount, output: Output) {
    let (secret, address) = (account.secret(), account.app_address());
    let shown = json!({
        "id": account.id, "name": account.kept.name.reveal(), "role": account.role,
        "secret": secret.reveal(), "otpauth": address.reveal(),
    });
    output.show(&shown, || {
        format!(
            "operator: {}  ({})\nsecret:   {}\naddress:  {}\nIt is shown this once: put it into an authenticator app now.",
            account.kept.name.reveal(),
            account.role.name(),
            secret.reveal(),
            address.reveal()
        )
    });
}
