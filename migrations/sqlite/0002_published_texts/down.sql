DROP TRIGGER policies_stay;
DROP TRIGGER policies_stay_published;
DROP TRIGGER policy_texts_no_delete;
DROP TRIGGER policy_texts_no_update;
DROP TRIGGER policy_texts_no_insert;
