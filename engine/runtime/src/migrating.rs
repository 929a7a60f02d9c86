//! What a turn does for migrations: finds the version, and shows what one would do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use yiwang_core::migration::{Wish, plan};
use yiwang_core::repair::Repair;
use yiwang_core::transition::Ambient;
use yiwang_core::work_item::Actor;
use yiwang_core::{Deployment, Input, InstanceId, step};

use crate::Error;
use crate::deployments::workflow_name;
use crate::hot::Instance;
use crate::request::MigrationPreview;
use crate::turn::Turn;

impl Turn<'_> {
    /// The version that this repair goes to, if it is deployed.
    pub(crate) fn migrates_to(&self, id: InstanceId, repair: &Repair) -> Option<Arc<Deployment>> {
        let Repair::Migrate(wish) = repair else { return None };
        let deployment = &self.working.get(&id)?.instance.deployment;
        self.deployments.find(&workflow_name(&deployment.definition.id), Some(&wish.version))
    }

    /// What a migration would do now. It is done to a copy.
    pub(crate) fn preview_migration(
        &mut self,
        id: InstanceId,
        wish: Wish,
    ) -> Result<MigrationPreview, Error> {
        if let Some(parked) = self.parked.get(&id).filter(|parked| !parked.may_go_on()) {
            return Err(parked.error(id));
        }
        let Some(working) = self.working.get(&id) else { return Err(Error::UnknownInstance(id)) };
        let Instance { deployment, state, .. } = &working.instance;
        let workflow = workflow_name(&deployment.definition.id);
        let Some(to) = self.deployments.find(&workflow, Some(&wish.version)) else {
            return Err(Error::UnknownWorkflow { workflow, version: Some(wish.version) });
        };
        let plan = plan(deployment, &to, state, &wish);
        let mut state = state.clone();
        let mut case_numbers = self.case_numbers.clone();
        let ambient = Ambient {
            instance: id,
            now: self.now,
            entropy: 0,
            case_numbers: &mut case_numbers,
            lifecycle: None,
            district: &self.district,
        };
        let input = Input::Repair {
            repair: Repair::Migrate(wish),
            by: Actor::new("preview", Vec::new()),
            reason: "preview".to_owned(),
            decision: "preview".to_owned(),
            to: Some(to),
        };
        let done = catch_unwind(AssertUnwindSafe(|| step(deployment, &mut state, input, ambient)));
        let (lines, refused) = match done {
            Ok(Ok(transition)) => (transition.history, None),
            Ok(Err(refusal)) => (Vec::new(), Some(refusal.message)),
            Err(_) => (Vec::new(), Some("it came to a panic on a copy of the instance".to_owned())),
        };
        Ok(MigrationPreview { plan, lines, refused })
    }
}
