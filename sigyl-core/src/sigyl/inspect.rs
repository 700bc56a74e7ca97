//! What is on record of the source behind a document: its tools and what scans found, for who may see them.

use super::Sigyl;
use crate::domain::{Action, Caller, DocumentName, Report, Version, VersionRecord};
use crate::error::Error;
use crate::registry::{ListingError, Shelf};

/// A version that was released here, with what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// What is on record of it.
    pub record: VersionRecord,
    /// The scan that it was admitted by.
    pub report: Option<Report>,
    /// What the server said of itself when it was started, scanned.
    pub live: Option<Report>,
}

impl Sigyl {
    /// Shows what is on record of the source of a document; nothing when there is none, or none for this caller.
    pub async fn inspect(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
    ) -> Result<Option<Inspection>, Error> {
        caller.require(Action::Browse)?;
        let name = DocumentName::parse(name).map_err(ListingError::from)?;
        let (Some(server), Ok(version)) = (Shelf::source_of(&name), Version::parse(version)) else {
            return Ok(None);
        };
        let store = &self.inner.platform.store;
        let found = store.server(&server).await?;
        if !found.is_some_and(|found| caller.sees(&found.workspace, &server)) {
            return Ok(None);
        }
        let Some(record) = store.version(&server, &version).await? else { return Ok(None) };
        let live = store.run(&record.run).await?.and_then(|run| run.live);
        let live = match live {
            Some(id) => store.report(id).await?,
            None => None,
        };
        Ok(Some(Inspection { report: store.report(record.report).await?, live, record }))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Caller;
    use crate::sigyl::tests::house::House;

    #[tokio::test]
    async fn what_a_source_holds_is_shown_to_who_may_see_its_server() {
        let house = House::new().await;
        house.server("clock", "red").await;
        let inspect = async |caller: &Caller, name: &str, version: &str| {
            house.sigyl.inspect(caller, name, version).await.unwrap().map(|it| it.record.version.to_string())
        };
        let (rita, bert) = (house.caller("rita", &["*"]).await, house.caller("bert", &["*"]).await);
        let name = "internal.sigyl/clock";
        assert_eq!(inspect(&rita, name, "1.0.0").await.as_deref(), Some("1.0.0"));
        for stranger in [&bert, &Caller::anonymous(None)] {
            assert_eq!(inspect(stranger, name, "1.0.0").await, None);
        }
        for (name, version) in
            [("com.example/none", "1.0.0"), (name, "2.0.0"), (name, "latest"), ("Gmail", "")]
        {
            assert_eq!(inspect(&rita, name, version).await, None, "{name} {version}");
        }
    }
}
