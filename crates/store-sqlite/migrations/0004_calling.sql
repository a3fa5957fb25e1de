-- What an operator states about calling on a Page. A removed Page has the defaults.
-- 0: the Page may not use the calling API; 1: it may.
ALTER TABLE page ADD COLUMN eligible INTEGER NOT NULL DEFAULT 1;
-- How many people are engaged with the Page, unsigned like an id; NULL: not stated.
ALTER TABLE page ADD COLUMN engaged_users INTEGER;
