DROP TABLE past_members;
