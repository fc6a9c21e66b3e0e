//! What handlers work with: the kernel, the slices, the settings.

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::kernel::Kernel;
use crate::kernel::access::SessionRules;
use crate::kernel::log::Incidents;
use crate::messages::telling::Telling;
use crate::operators::Operators;
use crate::policies::Policies;
use crate::settings::Settings;
use crate::tenants::inactivity::Inactivity;
use crate::tenants::leaving::Leaving;
use crate::vault::Vault;

/// Everything a handler may need, built once by `app` and shared by all.
pub struct Services {
    /// The trusted base.
    pub kernel: Kernel,
    /// People's sign-ins.
    pub accounts: Accounts,
    /// The legal documents.
    pub policies: Policies,
    /// Who runs the service.
    pub operators: Operators,
    /// Tenants that leave.
    pub leaving: Leaving,
    /// What becomes of tenants that nobody uses.
    pub inactivity: Inactivity,
    /// The collections and records.
    pub vault: Vault,
    /// What says on a page what mails say.
    pub telling: Telling,
    /// The configuration.
    pub settings: Arc<Settings>,
    /// How long sessions last.
    pub sessions: SessionRules,
    /// Where unexpected failures are reported.
    pub incidents: Incidents,
}
