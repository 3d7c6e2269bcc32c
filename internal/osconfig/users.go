package osconfig

import "github.com/airshipit/packer-plugin-airship/api/v1alpha1"

// PasswordState is what the role leaves of a user's password: set, or locked where the profile
// says so or gives none.
func PasswordState(u v1alpha1.User) string {
	if u.Password != "" && !u.PasswordLock {
		return "set"
	}
	return "locked"
}
