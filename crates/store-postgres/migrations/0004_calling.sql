-- What an operator states about calling on a Page. A removed Page has the defaults.
-- Whether the Page may use the calling API.
ALTER TABLE page ADD COLUMN IF NOT EXISTS eligible boolean NOT NULL DEFAULT true;

-- How many people are engaged with the Page, unsigned like an id; NULL: not stated.
ALTER TABLE page ADD COLUMN IF NOT EXISTS engaged_users bigint;
