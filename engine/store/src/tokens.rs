//! API tokens, by their hashes.

use yiwang_runtime::ports::{StoreError, TokenRow};

use crate::connection::{Connection, Row};
use crate::sql::{Sql, body, column, doing, parse};

/// A write to the tokens.
#[derive(Debug)]
pub(crate) enum TokenWrite {
    /// Adds one.
    Add(TokenRow),
    /// Takes the one with this id away.
    Revoke(String),
}

impl TokenWrite {
    /// Does it; how many rows changed.
    pub(crate) async fn run(self, tx: &impl Connection) -> Result<u64, StoreError> {
        match self {
            Self::Add(token) => {
                let sql = Sql::new(
                    "INSERT INTO token (id, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    [token.id.as_str().into(), token.hash.as_str().into(), body(&token)],
                );
                match sql.run(tx).await.map_err(doing("adding a token"))? {
                    0 => Err(StoreError::new("adding a token", "its id or hash is taken")),
                    added => Ok(added),
                }
            }
            Self::Revoke(id) => {
                let sql = Sql::new("DELETE FROM token WHERE id = ?", [id.into()]);
                sql.run(tx).await.map_err(doing("revoking a token"))
            }
        }
    }
}

/// The token with this hash.
pub(crate) async fn find(db: &impl Connection, hash: &str) -> Result<Option<TokenRow>, StoreError> {
    let row = Sql::new("SELECT id, hash, body FROM token WHERE hash = ?", [hash.into()]);
    let row = row.one(db).await.map_err(doing("reading a token"))?;
    row.as_ref().map(read).transpose()
}

/// All tokens.
pub(crate) async fn all(db: &impl Connection) -> Result<Vec<TokenRow>, StoreError> {
    let rows = Sql::new("SELECT id, hash, body FROM token ORDER BY id", []);
    rows.all(db).await.map_err(doing("reading tokens"))?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<TokenRow, StoreError> {
    let id: String = column(row, 0).map_err(doing("reading a token"))?;
    let token: TokenRow = parse(row, 2, || format!("token {id}"))?;
    Ok(TokenRow { hash: column(row, 1).map_err(doing("reading a token"))?, ..token })
}
