package s3

import "github.com/versity/versitygw/auth"

// accounts knows one account. versitygw's own service for that greets on stdout and answers an unknown access key with
// 404 XAdminUserNotFound; with this one it is 403 InvalidAccessKeyId, as on AWS.
type accounts struct {
	auth.IAMService
	only auth.Account
}

func newAccounts(access, secret string) accounts {
	only := auth.Account{Access: access, Secret: secret, Role: auth.RoleAdmin}
	return accounts{IAMService: auth.NewIAMServiceSingle(only), only: only}
}

// GetUserAccount answers the account with the access key.
func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	if access != a.only.Access {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return a.only, nil
}
