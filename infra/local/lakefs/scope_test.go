package lakefs_test

// outOfScope lists the recorded steps that the stand-in deliberately answers
// differently. TestReplay fails if one of them begins to agree, or is not in
// the recording. A name holds for both block stores, one after "s3:" or
// "local:" for that one.
var outOfScope = map[string]string{
	"setup-state-before":          "keys are given at the start: it is always set up",
	"setup":                       "keys are given at the start: it is always set up",
	"login":                       "no log-in, no tokens: clients send their keys",
	"user-bearer":                 "no log-in, no tokens: clients send their keys",
	"user-cookie":                 "no log-in, no tokens: clients send their keys",
	"auth-capabilities":           "one user, no management of users",
	"list-users":                  "one user, no management of users",
	"create-user":                 "one user, no management of users",
	"create-credentials":          "one user, no management of users",
	"repo-metadata-set":           "the platform keeps no metadata on repositories",
	"repo-metadata-get":           "the platform keeps no metadata on repositories",
	"s3:object-ls-presign":        "no presigned URLs",
	"physical-address":            "no presigned URLs, no linking of foreign objects",
	"physical-address-presign":    "no presigned URLs, no linking of foreign objects",
	"local:physical-link-unknown": "no presigned URLs, no linking of foreign objects",
	"s3:physical-presigned-put":   "no presigned URLs, no linking of foreign objects",
	"s3:physical-link":            "no presigned URLs, no linking of foreign objects",
	"s3:physical-object-get":      "no presigned URLs, no linking of foreign objects",
	"physical-link-again":         "no presigned URLs, no linking of foreign objects",
	"s3:stat-presign":             "no presigned URLs",
	"s3:get-presign-redirect":     "no presigned URLs",
	"s3:presigned-get":            "no presigned URLs",
	"pmpu-create":                 "no presigned URLs",
	"s3:pmpu-part":                "no presigned URLs",
	"s3:pmpu-complete":            "no presigned URLs",
	"stage-object":                "no linking of foreign objects",
	"log-object":                  "the log is not filtered by path",
	"log-prefix":                  "the log is not filtered by path",
	"merge-base":                  "the platform does not ask for merge bases",
	"cherry-pick":                 "the platform does not pick commits",
	"cherry-pick-conflict":        "the platform does not pick commits",
	"hard-reset":                  "the platform does not move branches back",
	"gc-rules-set":                "no garbage collection",
	"gc-rules-get":                "no garbage collection",
	"actions-runs-after-fail":     "no hooks",
	"actions-run-get":             "no hooks",
	"actions-run-hooks":           "no hooks",
	"actions-hook-output":         "no hooks",
	"actions-runs":                "no hooks",
	"pull-create":                 "no pull requests",
	"pull-get":                    "no pull requests",
	"pull-list":                   "no pull requests",
	"pull-merge":                  "no pull requests",
	"pull-get-merged":             "no pull requests",
	"metarange":                   "the place of a tree is internal",
	"s3-list-buckets":             "no S3 gateway",
	"s3-head-bucket":              "no S3 gateway",
	"s3-create-bucket":            "no S3 gateway",
	"s3-put":                      "no S3 gateway",
	"s3-put-inm":                  "no S3 gateway",
	"s3-put-missing-branch":       "no S3 gateway",
	"s3-put-missing-repo":         "no S3 gateway",
	"s3-get":                      "no S3 gateway",
	"s3-get-range":                "no S3 gateway",
	"s3-head":                     "no S3 gateway",
	"s3-get-missing":              "no S3 gateway",
	"s3-list-v2-root":             "no S3 gateway",
	"s3-list-v2-delim":            "no S3 gateway",
	"s3-list-v2-page":             "no S3 gateway",
	"s3-list-v2-start-after":      "no S3 gateway",
	"s3-list-v1":                  "no S3 gateway",
	"s3-copy":                     "no S3 gateway",
	"s3-multipart":                "no S3 gateway",
	"s3-delete-object":            "no S3 gateway",
	"s3-delete-objects":           "no S3 gateway",
	"s3-tagging":                  "no S3 gateway",
	"s3-versioning":               "no S3 gateway",
	"s3-location":                 "no S3 gateway",
	"s3-bad-secret":               "no S3 gateway",
	"s3-presign-get":              "no S3 gateway",
	"s3-get-by-commit":            "no S3 gateway",
	"s3-put-to-commit":            "no S3 gateway",
}

// notSent are recorded steps that would change what later steps see, because
// the stand-in does what the real server refused.
var notSent = map[string]string{
	"merge-hook-fails": "no hooks: the merge would succeed",
}

// insteadOf are uploads in place of recorded steps that are out of scope, so
// that the next commit has something to commit.
var insteadOf = map[string]string{
	"pre-protect-commit": "data/phys.bin",
	"s3-commit":          "s3/obj.txt",
}
